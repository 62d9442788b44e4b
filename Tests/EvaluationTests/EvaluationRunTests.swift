import Evaluation
import Formats
import Foundation
import Inference
import Testing

/// Tasks run, are counted, go on after an interruption and end in files.
@Suite struct EvaluationRunTests {
  private static let yaml = """
    task: birds
    dataset: {path: owner/birds}
    split: test
    answer: "{{ label }}"
    few_shot: {split: train, selection: random}
    variants:
      plain:
        formulation: cloze
        prompt: "the {{ place }}"
        choices: "{{ names }}"
        metrics: [acc, acc_norm, acc_bytes, acc_norm_token, acc_pmi]
        pmi_context: "a bird:"
      counted:
        formulation: cloze
        prompt: "the {{ place }}"
        choices: "{{ names }}"
        metrics: [acc_norm]
        length_counts_delimiter: true
      written:
        formulation: generation
        prompt: "the {{ place }}"
        target: "{{ names[0] }}"
        max_tokens: 6
        stop: ["w"]
        scorer: {name: exact_match}
      drawn:
        formulation: generation
        prompt: "the {{ place }}"
        target: "{{ names[0] }}"
        max_tokens: 3
        samples: 4
        temperature: 1
        pass_at: [1, 2]
        majority: true
        scorer: {name: exact_match}
      read:
        formulation: perplexity
        text: "{{ place }} of the {{ names[0] }}"
    """
  private static let rows = [
    #"{"place": "hill", "names": ["swift", "river air", "é"], "label": 0}"#,
    #"{"place": "river and the hill", "names": ["swift sings", "air"], "label": 1}"#,
    #"{"place": "air", "names": ["hill", "swift flies over the river"], "label": "1"}"#,
    #"{"place": "swift", "names": ["sings", "flies", "sings in the air", "hill"], "label": 2}"#,
    #"{"place": "sea", "names": ["ship", "fish"], "label": 0}"#,
  ]

  private static func prepared(
    _ variant: String, _ folder: TemporaryFolder, _ settings: EvaluationSettings = .init()
  ) throws -> PreparedTask {
    try folder.file("owner/birds/test.jsonl", rows.joined(separator: "\n"))
    let train = (0..<6).map { #"{"place": "place \#($0)", "names": ["a\#($0)", "b"], "label": 0}"# }
    try folder.file("birds/default/train.jsonl", train.joined(separator: "\n"))
    let task = try #require(try TaskFile(yaml, place: "birds.yaml").tasks(variant: variant).first)
    return try PreparedTask(task, data: DataRoot(folder.path), settings: settings)
  }

  /// The log-probability of a text after another, from logits.
  private static func plain(_ model: LanguageModel, _ context: String, _ text: String) throws -> Double {
    let request = try LikelihoodRequest(context: context, continuation: text, model: model)
    return -plainNats(model, request.context + request.continuation).suffix(request.continuation.count).reduce(0, +)
  }

  @Test func choicesAreCountedByEveryNormalisation() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel(context: 64)
    let result = try EvaluationRun(model, threads: 2).run(Self.prepared("plain", folder))
    #expect(result.questions == 5 && result.details.count == 5 && result.split == "test" && result.truncated == 0)
    var right = [0.0, 0, 0, 0, 0]
    for (row, detail) in zip(Self.rows, result.details) {
      let json = try JSON.parse(row)
      let names = json["names"]?.arrayValue?.compactMap(\.stringValue) ?? []
      let gold = try #require(json["label"]?.intValue ?? json["label"]?.stringValue.flatMap { Int($0) })
      let context = "the \(json["place"]?.stringValue ?? "")"
      let sums = try names.map { try Self.plain(model, context, " \($0)") }
      let seen = detail.response["logprobs"]?.arrayValue?.compactMap(\.doubleValue) ?? []
      #expect(zip(sums, seen).allSatisfy { abs($0 - $1) < 1e-3 } && seen.count == names.count)
      let tokens = try names.map {
        try LikelihoodRequest(context: context, continuation: " \($0)", model: model).continuation.count
      }
      let scores = [
        sums, zip(sums, names).map { $0 / Double($1.unicodeScalars.count) },
        zip(sums, names).map { $0 / Double($1.utf8.count) }, zip(sums, tokens).map { $0 / Double($1) },
        try zip(sums, names).map { try $0 - Self.plain(model, "a bird:", " \($1)") },
      ]
      for (i, own) in scores.enumerated() where own.firstIndex(of: own.max() ?? 0) == gold { right[i] += 1 }
      #expect(detail.doc["query"]?.stringValue == context)
      #expect(detail.doc["gold_index"] == .array([.integer(Int64(gold))]))
    }
    #expect(result.metrics.map(\.value) == right.map { $0 / 5 })
    #expect(result.metrics.map(\.name) == ["acc", "acc_norm", "acc_bytes", "acc_norm_token", "acc_pmi"])
    let share = right[0] / 5
    let error = (share * (1 - share) / 4).squareRoot()
    #expect(abs((result.metrics[0].standardError ?? -1) - error) < 1e-12)
  }

  @Test func examplesStandBeforeTheQuestion() throws {
    let folder = try TemporaryFolder()
    func contexts(_ settings: EvaluationSettings) throws -> [String] {
      try Self.prepared("plain", folder, settings).questions.map { question in
        guard case .choices(let contexts, _, _, _) = question.request else { return "" }
        return contexts[0]
      }
    }
    let two = try contexts(EvaluationSettings(seed: 3, fewShot: 2))
    let parts = two[0].components(separatedBy: "\n\n")
    #expect(parts.count == 3 && parts[2] == "the hill" && parts[0] != parts[1])
    #expect(parts[0].hasPrefix("the place ") && parts[0].contains(" a"))
    // The same examples before all questions; others for another seed.
    #expect(two.allSatisfy { $0.hasPrefix("\(parts[0])\n\n\(parts[1])\n\n") })
    #expect(try contexts(EvaluationSettings(seed: 3, fewShot: 2)) == two)
    #expect(try (4..<12).contains { try contexts(EvaluationSettings(seed: $0, fewShot: 2)) != two })
    #expect(sentence { _ = try contexts(EvaluationSettings(fewShot: 7)) }.contains("7 examples"))

    let style = PromptStyle(
      chat: { messages in messages.map { "<\($0.role)>\($0.content)" }.joined() + "<assistant>" }, system: "Be brief.")
    let chat = try contexts(EvaluationSettings(limit: 1, seed: 3, fewShot: 1, style: style))
    let example = parts[0].hasPrefix("the place") ? try #require(chat.first) : ""
    #expect(example.hasPrefix("<system>Be brief.<user>the place ") && example.hasSuffix("<user>the hill<assistant>"))
    #expect(example.contains("<assistant>a"))
    var merged = style
    merged.examplesAsTurns = false
    let one = try contexts(EvaluationSettings(limit: 1, seed: 3, fewShot: 1, style: merged))
    #expect(one[0].components(separatedBy: "<user>").count == 2 && one[0].contains("\n\nthe hill"))
  }

  @Test func limitsAndSplitsAreKept() throws {
    let folder = try TemporaryFolder()
    let first = try Self.prepared("plain", folder, EvaluationSettings(limit: 2))
    #expect(first.questions.map(\.index) == [0, 1] && first.available == 5)
    let drawn = try Self.prepared("plain", folder, EvaluationSettings(limit: 3, seed: 5, shuffle: true))
    #expect(drawn.questions.count == 3 && Set(drawn.questions.map(\.index)).count == 3)
    let train = try Self.prepared("plain", folder, EvaluationSettings(split: "train"))
    #expect(train.questions.count == 6 && train.split == "train")
    let refusal = sentence { _ = try Self.prepared("plain", folder, EvaluationSettings(split: "dev")) }
    #expect(refusal.contains("owner/birds") && refusal.contains("dev"), "\(refusal)")
  }

  @Test func anInterruptedRunGoesOn() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel(context: 64)
    let prepared = try Self.prepared("plain", folder)
    let whole = try EvaluationRun(model).run(prepared)
    let place = folder.path.appendingPath("cache")
    struct Stop: Error {}
    do {
      let cache = try ResultCache(folder: place, model: "abc")
      #expect(throws: Stop.self) {
        _ = try EvaluationRun(model, cache: cache).run(prepared) { _ in throw Stop() }
      }
      #expect(cache.count > 0)
    }
    // A line that was cut short, and one that was changed, are asked again.
    let file = place.appendingPath("answers-abc.jsonl")
    var lines = try String(decoding: MappedFile(file).withBytes { Array($0) }, as: UTF8.self).split(separator: "\n")
    let complete = lines.count
    lines[0] = lines[0].replacing("-", with: "-1")[...]
    try AtomicFile.write(lines.joined(separator: "\n").dropLast(9).description, to: file)
    let cache = try ResultCache(folder: place, model: "abc")
    #expect(cache.count == complete - 2)
    let resumed = try EvaluationRun(model, cache: cache).run(prepared)
    #expect(zip(resumed.metrics, whole.metrics).allSatisfy { $0 == $1 })
    // Now everything is known: no other model would say the same.
    let known = try EvaluationRun(tinyModel(context: 64, seed: 8), cache: ResultCache(folder: place, model: "abc"))
      .run(prepared)
    #expect(known.details.map(\.response) == resumed.details.map(\.response))
    #expect(try ResultCache(folder: place, model: "other").count == 0)
  }

  @Test func textsAreWrittenCutAndJudged() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel(context: 64)
    let prepared = try Self.prepared("written", folder)
    let cache = try ResultCache(folder: folder.path, model: "m")
    let result = try EvaluationRun(model, cache: cache).run(prepared)
    for (row, detail) in zip(Self.rows, result.details) {
      let text = try #require(detail.response["text"]?[0]?.stringValue)
      let prompt = "the \(try JSON.parse(row)["place"]?.stringValue ?? "")"
      let alone = try TextGenerator(model).generate(prompt, settings: .greedy(maxTokens: 6)).text
      #expect(text == (alone.split(separator: "w", omittingEmptySubsequences: false).first.map(String.init) ?? ""))
    }
    let again = try EvaluationRun(tinyModel(context: 64, seed: 5), cache: cache).run(prepared)
    #expect(again.details.map(\.response) == result.details.map(\.response))

    let drawn = try EvaluationRun(model, seed: 4).run(Self.prepared("drawn", folder))
    #expect(
      drawn.metrics.map(\.name) == [
        "exact_match:avg@4", "exact_match:maj@4", "exact_match:pass@1", "exact_match:pass@2",
      ])
    #expect(drawn.details.allSatisfy { $0.response["text"]?.arrayValue?.count == 4 })
    #expect(drawn.metrics[0].value == drawn.metrics[2].value)
    let same = try EvaluationRun(model, seed: 4).run(Self.prepared("drawn", folder))
    #expect(same.details.map(\.response) == drawn.details.map(\.response))
    let refusal = sentence { _ = try Self.prepared("written", folder, EvaluationSettings(samples: 3)) }
    #expect(refusal.contains("temperature"), "\(refusal)")
  }

  @Test func documentsAreScoredWhole() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel(context: 8)
    let result = try EvaluationRun(model).run(Self.prepared("read", folder))
    let end = try #require(model.tokenizer.endOfText)
    var nats = 0.0
    var bytes = 0
    for row in Self.rows {
      let json = try JSON.parse(row)
      let text = "\(json["place"]?.stringValue ?? "") of the \(json["names"]?[0]?.stringValue ?? "")"
      bytes += text.utf8.count
      let tokens = model.tokenizer.encode(text)
      for (i, token) in tokens.enumerated() {
        // The piece that a token is in, and how much stands before it there.
        let start = i / 8 * 8
        let last = min(start + 8, tokens.count)
        let before = start == 0 ? [end] : Array(tokens[max(0, last - 9)..<start])
        nats += try #require(plainNats(model, before + tokens[start..<i] + [token]).last)
      }
    }
    let bits = nats / log(2) / Double(bytes)
    #expect(abs(result.metrics[0].value - bits) < 1e-3 && result.metrics[0].name == "bits_per_byte")
    #expect(result.metrics.allSatisfy { !$0.higherIsBetter && ($0.standardError ?? 0) > 0 })
  }

  @Test func resultsAreWrittenInLightevalsLayout() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel(context: 64)
    let run = EvaluationRun(model)
    let results = EvaluationResults(
      run: .init(
        modelName: "tiny", modelPath: "models/tiny", fingerprint: "f", compute: "f32",
        settings: .init(limit: 7, seed: 2), began: 0, ended: 86_400),
      tasks: [try run.run(Self.prepared("plain", folder)), try run.run(Self.prepared("counted", folder))])
    let path = try results.write(to: folder.path)
    #expect(path.hasSuffix("results/tiny/results_1970-01-02T00-00-00.json"))
    let json = try JSON.parse(contentsOfFile: path)
    #expect(
      json.objectValue.map { Array($0.keys) } == [
        "config_general", "results", "versions", "config_tasks", "summary_tasks", "summary_general",
      ])
    #expect(json["results"]?["birds:plain:0"]?["acc"]?.doubleValue == results.tasks[0].metrics[0].value)
    #expect(json["results"]?["all"]?["acc"] == json["results"]?["birds:plain:0"]?["acc"])
    #expect(json["results"]?["birds:plain:0"]?["acc_stderr"]?.doubleValue == results.tasks[0].metrics[0].standardError)
    #expect(json["config_general"]?["max_samples"]?.intValue == 7)
    let details = folder.path.appendingPath(
      "details/tiny/1970-01-02T00-00-00/details_birds_plain_1970-01-02T00-00-00.parquet")
    let rows = try ParquetFile.rows(ofFile: details)
    #expect(rows.count == 5 && rows[1]["doc"]?["query"]?.stringValue == "the river and the hill")
    #expect(rows[3]["model_response"]?["logprobs"]?.arrayValue?.count == 4)
    #expect(results.table.contains("birds") && results.table.contains("acc_pmi"))

    let comparison = try EvaluationComparison(paths: [folder.path, path])
    #expect(comparison.table.contains("birds:plain:0") && comparison.table.contains("tiny 1970-01-02T00-00-00"))
    #expect(!comparison.table.contains("warning"))
    #expect(comparison.html.contains("<svg") && comparison.json.arrayValue?.count == 2)
    #expect(sentence { _ = try EvaluationComparison(paths: [folder.path.appendingPath("owner")]) }.contains("results"))
  }

  /// Columns of one model say what sets them apart, and figures of other questions are not taken for the same.
  @Test func comparisonSaysWhatDiffers() throws {
    func file(_ chat: Bool, _ questions: Int, _ digest: String) throws -> String {
      let results: JSON = [
        "config_general": ["model_name": "tiny", "model_fingerprint": "f", "use_chat_template": .bool(chat)],
        "results": ["birds:plain:0": ["acc": 0.5]],
        "summary_tasks": [
          "birds:plain:0": ["questions": .integer(Int64(questions)), "hashes": ["hash_examples": .string(digest)]]
        ],
      ]
      return try folder.file("results_\(chat)-\(questions)-\(digest).json", results.serializedString())
    }
    let folder = try TemporaryFolder()
    let plain = try file(false, 5, "a")
    let chat = try EvaluationComparison(paths: [plain, try file(true, 5, "a")])
    #expect(chat.table.contains("tiny (chat)") && !chat.table.contains("warning"))
    let fewer = try EvaluationComparison(paths: [plain, try file(false, 3, "b")]).table
    #expect(fewer.contains("tiny false-5-a") && fewer.contains("tiny false-3-b"))
    #expect(fewer.contains("warning: birds:plain:0: not the same questions, 5, 3 of them"))
    #expect(try EvaluationComparison(paths: [plain, try file(false, 5, "b")]).table.contains("another seed"))
  }

  /// Results that another program wrote may call a task anything.
  @Test(arguments: ["", "|", "|0", ":_average|", "a:_average|0"]) func anyNameOfATaskCompares(_ name: String) throws {
    let folder = try TemporaryFolder()
    let results: JSON = ["results": .object([name: ["acc": 0.5]])]
    let path = try folder.file("results.json", results.serializedString())
    let comparison = try EvaluationComparison(paths: [path, path])
    #expect(comparison.html.contains("<svg") && comparison.table.contains("50.00%"))
  }
}
