import ArgumentParser
import Evaluation
import Formats
import Foundation
import Inference
import Reporting
import Tensors
import Training

/// `apus evaluate MODEL --tasks …`: benchmarks.
struct EvaluateRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run benchmarks: cloze, letters, free answers, documents.",
    discussion: """
      Datasets stand under --data in their Hugging Face layout, as Parquet or JSON lines: \
      allenai/ai2_arc/ARC-Easy/test.parquet. A task has variants: smollm3 (the prompts of the SmolLM3 evaluation) and \
      lm-eval (those of lm-evaluation-harness) and, for some, smollm3-letters.

      Answers are kept in the output folder as they come; after Ctrl-C, which finishes the batch, or a crash the same \
      command goes on. Results are written in lighteval's layout: results/MODEL/results_DATE.json and \
      details/MODEL/DATE.

      Examples:
        apus evaluate --list
        apus evaluate my-model --tasks hellaswag,arc --data benchmarks --limit 1000
        apus evaluate my-model --tasks mmlu:lm-eval --few-shot 5 --data benchmarks
        apus evaluate my-model --tasks gsm8k --chat --dry-run --data benchmarks
      """)

  @Argument(help: "A model's folder, a GGUF file, a run folder, or a folder of checkpoints.")
  var model: String?

  @Option(help: "Tasks, families, groups or task files (.yaml), with commas between; NAME:VARIANT asks for a variant.")
  var tasks: String?

  @Option(help: "Whose prompts: smollm3 or lm-eval. Default: smollm3.")
  var variant: String?

  @Option(help: "The folder of datasets. Default: APUS_DATA, else data.", completion: .directory)
  var data: String?

  @Option(help: "Ask at most so many questions of a task.")
  var limit: Int?

  @OptionGroup var device: DeviceOptions

  @Flag(help: "With --limit, draw the questions from the whole split, as lighteval does.")
  var shuffle = false

  @Option(help: "Answered examples before each question, instead of the task's own number.")
  var fewShot: Int?

  @Option(help: "Draws examples, questions and texts.")
  var seed: UInt64 = 0

  @Option(help: "The split to ask, instead of the task's own.")
  var split: String?

  @Option(help: "Texts a question, for avg@n and pass@k; needs a temperature.")
  var samples: Int?

  @Option(help: "Sampling temperature of free answers, instead of the task's own.")
  var temperature: Double?

  @Option(help: "Tokens of a free answer, at most, instead of the task's own.")
  var maxTokens: Int?

  @Flag(help: "Ask in the model's chat template.")
  var chat = false

  @Option(help: "The system message, or what stands before everything.")
  var system: String?

  @Flag(help: "In a chat, write the examples into the question rather than as turns.")
  var examplesInQuestion = false

  @Option(help: ArgumentHelp("Type of the activations: bf16 or f32.", valueName: "type"))
  var compute: ComputeType = .bf16

  @Option(help: "Where results, details and the cache go.", completion: .directory)
  var output = "evaluations"

  @Option(help: "Format of the details: parquet or jsonl.")
  var details: DetailsFormat = .parquet

  @Flag(help: "List tasks and their variants.")
  var list = false

  @Flag(help: "Show what would be asked, with --json all of it; no model is needed.")
  var dryRun = false

  @Flag(help: "Print the results as JSON.")
  var json = false

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be 1 or more.") }
    if let fewShot, fewShot < 0 { throw ValidationError("--few-shot is \(fewShot); it must be 0 or more.") }
    if let samples, samples < 1 { throw ValidationError("--samples is \(samples); it must be 1 or more.") }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens); it must be 1 or more.") }
    if let temperature, !(temperature >= 0) {
      throw ValidationError("--temperature is \(temperature); it must be 0 or more.")
    }
    if list { return }
    if tasks == nil { throw ValidationError("--tasks is missing; --list shows what there is.") }
    if model == nil, !dryRun || chat { throw ValidationError("a MODEL is missing; name its folder.") }
  }

  func run() throws {
    let catalog = try TaskCatalog()
    if list {
      let list = TaskList(catalog)
      print(json ? list.json.serializedString(pretty: true) + "\n" : list.text, terminator: "")
      return
    }
    let names = (tasks ?? "").split(separator: ",").map { String($0) }
    let chosen = try catalog.tasks(names, variant: variant)
    let folder = try model.map(ModelFolder.resolve)
    let chatPrompt = try chat ? folder.map(ChatPrompt.init) : nil
    let settings = settings(chatPrompt)
    let root = DataRoot(data ?? ProcessInfo.processInfo.environment["APUS_DATA"] ?? "data")
    if dryRun {
      for task in chosen {
        let prepared = try PreparedTask(task, data: root, settings: settings)
        if json { prepared.lines.forEach { print($0.serializedString()) } } else { show(prepared) }
      }
      return
    }
    guard let folder, let model else { return }
    // What is missing is said before an hour of work.
    let prepared = try chosen.map { try PreparedTask($0, data: root, settings: settings) }
    for task in chosen { if case .generation(let prompt) = task.kind { _ = try prompt.makeScorer() } }
    let fingerprint = try ModelFingerprint.of(path: folder, compute: compute.type)
    let cache = try ResultCache(folder: output.appendingPath("cache"), model: fingerprint)
    let loaded = try LanguageModel(directory: folder, compute: compute.type, on: device.backend())
    let (language, turnEnds) = chatPrompt?.endingTurns(loaded) ?? (loaded, [])
    var run = EvaluationRun(
      language, cache: cache, seed: seed, threads: ProcessInfo.processInfo.activeProcessorCount)
    run.stopStrings = turnEnds
    StopSignal.install()
    let began = Date().timeIntervalSince1970
    let results = try prepared.map { task in
      let line = ProgressLine("\(task.task.name)", total: task.questions.count, unit: "questions")
      defer { line.finish() }
      return try run.run(task) { done in
        line.update(done)
        if StopSignal.isRequested { throw EvaluationStopped(cache: output.appendingPath("cache")) }
      }
    }
    let all = EvaluationResults(
      run: .init(
        modelName: ModelName.of(model), modelPath: model, fingerprint: fingerprint, compute: compute.rawValue,
        settings: settings, began: began, ended: Date().timeIntervalSince1970),
      tasks: results)
    let path = try all.write(to: output, details: details)
    print(json ? all.json.serializedString(pretty: true) + "\n" : all.table + "\(path)\n", terminator: "")
  }

  private func settings(_ chatPrompt: ChatPrompt?) -> EvaluationSettings {
    let style = PromptStyle(
      chat: chatPrompt?.renderer, system: system ?? "", examplesAsTurns: !examplesInQuestion)
    return EvaluationSettings(
      limit: limit, seed: seed, shuffle: shuffle, fewShot: fewShot, split: split, samples: samples,
      temperature: temperature, maxTokens: maxTokens, style: style)
  }

  private func show(_ prepared: PreparedTask) {
    let task = prepared.task
    print(
      "\(task.name) (\(task.variant)): \(prepared.questions.count) of \(prepared.available) questions of "
        + "\(prepared.files.first ?? task.dataset.name)")
    guard let question = prepared.questions.first else { return }
    switch question.request {
    case .choices(let contexts, let continuations, _, let gold):
      for (i, pair) in zip(contexts, continuations).enumerated() {
        if i == 0 || contexts[i] != contexts[i - 1] { print(pair.0, terminator: "") }
        print("\n  \(i == gold ? "right" : "     ") \"\(pair.1)\"", terminator: "")
      }
      print("\n")
    case .generation(let prompt, let reference): print("\(prompt)\n  reference: \(reference)\n")
    case .document(let text): print("\(text.prefix(400))\n")
    }
  }
}

/// Ctrl-C.
private struct EvaluationStopped: Error, CustomStringConvertible {
  let cache: String
  var description: String { "stopped; what was answered is kept in \(cache), and the same command goes on from there" }
}

extension DetailsFormat: ExpressibleByArgument {}
