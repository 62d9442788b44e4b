import Corpora
import Evaluation
import Formats
import Reporting
import Training

/// What runs and evaluations read: token files, checkpoints, configurations, logs, tasks, answers.
let runParsers: [ParserCase] = [
  .folder(
    "tokens", files: ["0.ds.index", "0.ds.metadata", "summary.json", "0.ds"], made: { SeedRuns.tokens },
    words: ["|2\n", "|4\n", "\u{1C}", #""training""#, #""text_bytes""#]
  ) { folder in
    try every(
      {
        let file = try TokenFile(folder.appendingPath("0.ds"), tokenSize: 2)
        for document in 0..<min(file.documentCount ?? 0, 1000) { _ = file.documentEnd(document) }
        for position in 0..<min(file.tokenCount, 100) { _ = file.document(at: position) }
        try withUnsafeTemporaryAllocation(of: Int32.self, capacity: min(file.tokenCount, 4096)) {
          _ = try file.copy(from: 0, into: $0)
        }
      },
      {
        let inspector = try DatasetInspector(folder) { _ in [] }
        _ = inspector.statistics()
        for position in inspector.positions(count: 3, sequenceLength: 4) {
          _ = try inspector.text(position: position, count: 9)
        }
      })
  },
  .folder(
    "checkpoint", files: ["state.json", "checksums.json"],
    texts: [
      """
      {"format":1,"step":7,"tokens":4096,"seed":1,"global_batch_size":8,"instruction_set":"avx512"}\u{1C}\
      {"state.json":{"bytes":93,"sha256":"0"}}
      """
    ]
  ) { folder in
    let checkpoint = Checkpoint(path: folder)
    try every({ _ = try checkpoint.state() }, { try checkpoint.verify() }, { _ = try CheckpointFolder(folder).steps() })
  },
  .folder(
    "metrics", files: ["metrics.jsonl", "samples.jsonl", "results.json", "config.yaml"], texts: [SeedRuns.metrics],
    words: ["\u{1C}", #""kind""#, #""train""#, #""validation""#, #""step""#, #""loss""#, "1e999", "NaN"]
  ) { folder in
    let record = try RunRecord(folder: folder)
    _ = RunReport.html([record])
    let log = try MetricsLog(path: folder.appendingPath("metrics.jsonl"), continuingAfter: 4)
    try log.synchronize()
  },
  ParserCase(
    name: "task", seeds: [("Sources/Evaluation/TaskFiles", ".yaml")],
    words: [
      "task: ", "variants:", "formulation: ", "cloze", "letters", "generation", "perplexity", "dataset: ", "scorer: ",
      "few_shot: ", "choices: ", "answer: ", "prompt: ", "target: ", "fields: ", "subsets: ", "replace: ", "pattern: ",
      "&a ", "*a", "<<: ", "{{ ", " }}", "!!binary ", "? ", "|-\n", "filter: ",
    ]
  ) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    let file = try TaskFile(text, place: "input.yaml")
    for variant in file.variants { _ = try file.tasks(variant: variant) }
  },
  .file(
    "questions", suffix: ".jsonl",
    texts: [
      #"{"id":"a","category":"facts","prompt":"Q","answer":"A","choices":["A","B"]}"# + "\n\n"
        + #"{"task_id":1,"completion":"x","completions":["y","z"]}"# + "\r\n"
    ], words: [#""task_id""#, #""completions""#, #""category""#, #""arithmetic""#, #""choices""#]
  ) { path in
    try every({ _ = try QuestionFile.read(path) }, { _ = try StoredCompletions(path, questions: path) })
  },
  .file(
    "results", suffix: ".json",
    texts: [
      #"{"config_general":{"model_name":"m"},"results":{"piqa":{"acc":0.5,"acc_stderr":0.1}},"#
        + #""summary_tasks":{"piqa":{"questions":10}}}"#
    ], words: ["1e999", "-0", #""acc_norm""#, "|", ":_average|", "_stderr"]
  ) { path in
    let comparison = try EvaluationComparison(paths: [path, path])
    _ = (comparison.table, comparison.json, comparison.html)
  },
  ParserCase(
    name: "answers", texts: SeedRuns.answers,
    words: [
      #"\boxed{"#, #"\frac{"#, #"\sqrt{"#, #"\sqrt["#, #"\text{"#, #"\left("#, #"\right)"#, #"\cdot"#, #"\pi"#, "^{",
      "_{",
      "####", #"\begin{pmatrix}"#, #"\\"#, "&", "$", #"\%"#, "99999999999999999999", "The final answer is ",
      "^999999999",
    ]
  ) { bytes in
    let parts = bytes.split(separator: ParserCase.separator, maxSplits: 1, omittingEmptySubsequences: false)
    let texts = parts.map { String(decoding: $0.prefix(4000), as: UTF8.self) }
    for (name, options) in SeedRuns.scorers {
      guard let make = ScorerCatalog.makers[name] else { throw Contradiction("there is no scorer \(name)") }
      _ = try make(options).scores(
        question: ["answer": .string(texts[0])], reference: .string(texts[0]), completions: [texts.last ?? ""])
    }
  },
  ParserCase(name: "run", texts: [SeedRuns.configuration]) { bytes in
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    _ = try RunConfiguration.parse(yaml: text, file: "input.yaml")
  },
]

/// What runs leave, in small.
private enum SeedRuns {
  /// Index, metadata, summary and tokens.
  static let tokens: [[UInt8]] = [("gpt2|2\n4\n4.00 T", 2), ("gpt2|4\n4\n4.00 T", 4)].map { metadata, size in
    let index: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    let summary = #"{"tokenizer":"gpt2","training":[{"name":"0.ds","documents":2,"tokens":4,"text_bytes":9}]}"#
    let parts = [index, Array(metadata.utf8), Array(summary.utf8), [UInt8](repeating: 1, count: 4 * size)]
    return Array(parts.joined(separator: [ParserCase.separator]))
  }

  static let metrics = [
    #"{"kind":"train","step":1,"tokens":64,"loss":5.5,"grad_norm":1,"lr":0.1,"tokens_per_second":9,"time":1}"# + "\n"
      + #"{"kind":"validation","step":4,"source":"a","loss":5.4,"bits_per_byte":2}"# + "\n"
      + #"{"kind":"train","step":5,"tokens":320,"loss":5.0}"#,
    #"{"step":4,"prompt":"Once","completion":" upon"}"# + "\n",
    #"[{"task":"facts","questions":3,"scores":[{"name":"accuracy","accuracy":0.3,"low":0.1,"high":0.6}]}]"#,
    "general: {run: small}\n",
  ].joined(separator: "\u{1C}")

  static let scorers: [(String, JSON)] = [
    ("math", ["style": "boxed"]), ("math", ["style": "minerva"]), ("math", ["style": "hendrycks"]),
    ("gsm8k", .object([:])), ("exact_match", ["ignore_case": true, "ignore_punctuation": true]),
  ]

  static let answers = [
    "\\boxed{\\frac{3}{4}}\u{1C}so $x = 0.75$, \\boxed{\\dfrac34}",
    "\\boxed{(-\\infty, 2\\sqrt{3}] \\cup \\{5\\}}\u{1C}The final answer is $(2^{10}+1)\\pi$. I hope it is correct.",
    "1, 2, \\sqrt[3]{8}\u{1C}#### 1,234.50", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}\u{1C}x^2+2x+1=(x+1)^2",
  ]

  static let configuration = """
    general: {run: small, seed: 7}
    data_stages:
    - data: {dataset: {dataset_folder: [data]}}
    model:
      model_config: {hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4,
        num_key_value_heads: 2, vocab_size: 300, tie_word_embeddings: true, _use_doc_masking: true}
    optimizer: {learning_rate_scheduler: {learning_rate: 1.0e-2, lr_warmup_steps: 3, lr_warmup_style: linear}}
    parallelism: {dp: 1, tp: 1, pp: 1}
    tokens: {sequence_length: 24, train_steps: 12, micro_batch_size: 4, batch_accumulation_per_replica: 2}
    checkpoints: {checkpoint_interval: 4}
    apus: {run_folder: run, keep_checkpoints: null, validation: {interval: 6, batches: 2}}
    """
}
