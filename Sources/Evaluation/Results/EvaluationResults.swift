public import Formats
import Foundation
import OrderedCollections

/// The results of some tasks, in lighteval's layout: `results/MODEL/results_DATE.json` and
/// `details/MODEL/DATE/details_TASK_DATE.parquet`.
public struct EvaluationResults: Sendable {
  /// What was run, for `config_general`.
  public struct Run: Sendable {
    /// The model's name, as folders are called.
    public var modelName: String
    /// The model's path as it was given.
    public var modelPath: String
    public var fingerprint: String
    /// Type of the activations.
    public var compute: String
    public var settings: EvaluationSettings
    /// Begin and end, in seconds since 1970.
    public var began: Double
    public var ended: Double

    /// Describes a run.
    public init(
      modelName: String, modelPath: String, fingerprint: String, compute: String, settings: EvaluationSettings,
      began: Double, ended: Double
    ) {
      self.modelName = modelName
      self.modelPath = modelPath
      self.fingerprint = fingerprint
      self.compute = compute
      self.settings = settings
      self.began = began
      self.ended = ended
    }
  }

  public let run: Run
  public let tasks: [TaskResult]

  /// Joins results.
  public init(run: Run, tasks: [TaskResult]) {
    self.run = run
    self.tasks = tasks
  }

  /// A line of the table of results: a task, or the average of a family.
  public struct Row: Sendable {
    /// `hellaswag`, `mmlu_anatomy`, `mmlu (average of 57)`.
    public var name: String
    public var variant: String
    public var fewShot: Int
    public var questions: Int
    public var metrics: [MetricValue]
    /// Whether it sums up several tasks.
    public var isAverage: Bool
  }

  /// The tasks, each family's average before its members.
  public var rows: [Row] {
    var rows: [Row] = []
    var seen: Set<String> = []
    for result in tasks {
      if let family = result.task.family, seen.insert("\(family):\(result.task.variant)").inserted {
        let members = tasks.filter { $0.task.family == family && $0.task.variant == result.task.variant }
        if members.count > 1 { rows.append(Self.average(family, members)) }
      }
      rows.append(
        Row(
          name: result.task.name, variant: result.task.variant, fewShot: result.task.fewShot.count,
          questions: result.questions, metrics: result.metrics, isAverage: false))
    }
    return rows
  }

  /// The mean of a family. Over questions it is that of all their values; over tasks each counts the same, and its
  /// variance is the sum of theirs over the square of their number.
  static func average(_ family: String, _ members: [TaskResult]) -> Row {
    let first = members[0]
    let metrics = first.metrics.indices.map { index -> MetricValue in
      let figure = first.metrics[index]
      if first.task.average == .questions, members.allSatisfy({ $0.values.count > index }) {
        return .mean(figure.name, members.flatMap { $0.values[index] }, higherIsBetter: figure.higherIsBetter)
      }
      let count = Double(members.count)
      let errors = members.map { $0.metrics[index].standardError }
      let variance = errors.reduce(0.0) { $0 + ($1 ?? 0) * ($1 ?? 0) } / (count * count)
      return MetricValue(
        name: figure.name, value: members.reduce(0) { $0 + $1.metrics[index].value } / count,
        standardError: errors.contains { $0 == nil } ? nil : variance.squareRoot(),
        higherIsBetter: figure.higherIsBetter)
    }
    return Row(
      name: family, variant: first.task.variant, fewShot: first.task.fewShot.count,
      questions: members.reduce(0) { $0 + $1.questions }, metrics: metrics, isAverage: true)
  }

  /// The date of the run, as file names have it: `2026-11-21T19-45-21`.
  public var date: String { Self.date(run.ended) }

  static func date(_ seconds: Double) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    return String(
      format: "%04d-%02d-%02dT%02d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec)
  }

  /// Writes results and details under a folder, the results last.
  /// - Returns: the path of the results.
  /// - Throws: `FileError` where the disk refuses.
  @discardableResult
  public func write(to folder: String, details format: DetailsFormat = .parquet) throws -> String {
    let details = folder.appendingPath("details/\(run.modelName)/\(date)")
    try Paths.createFolder(details)
    for result in tasks {
      let name = "details_\(result.task.name)_\(result.task.variant)_\(date)"
      try format.write(result.details, to: details.appendingPath(name))
    }
    let own = folder.appendingPath("results/\(run.modelName)")
    try Paths.createFolder(own)
    let path = own.appendingPath("results_\(date).json")
    try AtomicFile.write(json.serializedString(pretty: true) + "\n", to: path)
    return path
  }

  /// The content of `results_DATE.json`.
  public var json: JSON {
    var results: JSON = .object([:])
    var versions: JSON = .object([:])
    var configurations: JSON = .object([:])
    var summaries: JSON = .object([:])
    for row in rows {
      var figures: JSON = .object([:])
      for metric in row.metrics {
        figures[metric.name] = .number(metric.value)
        if let error = metric.standardError { figures["\(metric.name)_stderr"] = .number(error) }
      }
      results[Self.key(row.name, row.variant, row.fewShot, isAverage: row.isAverage)] = figures
    }
    results["all"] = overall
    for result in tasks {
      let key = Self.key(result.task.name, result.task.variant, result.task.fewShot.count)
      versions[key] = .integer(Int64(result.task.version))
      configurations[key] = result.configurationJSON
      summaries[key] = [
        "hashes": [
          "hash_task": .string(result.task.hash), "hash_examples": .string(result.examplesHash),
          "hash_full_prompts": .string(result.promptsHash),
        ],
        "questions": .integer(Int64(result.questions)), "truncated": .integer(Int64(result.truncated)),
        "non_truncated": .integer(Int64(result.questions - result.truncated)), "padded": 0,
        "non_padded": .integer(Int64(result.questions)),
        "effective_few_shots": .integer(Int64(result.task.fewShot.count)), "num_truncated_few_shots": 0,
      ]
    }
    let prompts = tasks.map(\.promptsHash).joined(separator: "\n")
    return [
      "config_general": general, "results": results, "versions": versions, "config_tasks": configurations,
      "summary_tasks": summaries,
      "summary_general": [
        "hashes": ["hash_full_prompts": .string(TextDigest.hex(prompts))],
        "questions": .integer(Int64(tasks.reduce(0) { $0 + $1.questions })),
        "truncated": .integer(Int64(tasks.reduce(0) { $0 + $1.truncated })),
      ],
    ]
  }

  /// `hellaswag:lm-eval:0`; averages are called `mmlu:smollm3:_average:0`.
  static func key(_ name: String, _ variant: String, _ fewShot: Int, isAverage: Bool = false) -> String {
    "\(name):\(variant)\(isAverage ? ":_average" : ""):\(fewShot)"
  }

  /// The mean of each figure over the tasks that have it.
  private var overall: JSON {
    var values: OrderedDictionary<String, [Double]> = [:]
    for metric in tasks.flatMap(\.metrics) { values[metric.name, default: []].append(metric.value) }
    return .object(values.mapValues { .number($0.reduce(0, +) / Double($0.count)) })
  }

  private var general: JSON {
    let settings = run.settings
    return [
      "model_name": .string(run.modelName), "model_path": .string(run.modelPath),
      "model_fingerprint": .string(run.fingerprint), "model_dtype": .string(run.compute),
      "max_samples": settings.limit.map { .integer(Int64($0)) } ?? .null, "shuffle": .bool(settings.shuffle),
      "seed": .integer(Int64(bitPattern: settings.seed)), "num_fewshot_seeds": 1,
      "use_chat_template": .bool(settings.style.isChat), "system_prompt": .string(settings.style.system),
      "fewshot_as_multiturn": .bool(settings.style.isChat && settings.style.examplesAsTurns),
      "start_time": .number(run.began), "end_time": .number(run.ended),
      "total_evaluation_time_secondes": .string("\(run.ended - run.began)"),
    ]
  }
}

extension TaskResult {
  fileprivate var configurationJSON: JSON {
    var json = task.configuration
    json["name"] = .string(task.name)
    json["variant"] = .string(task.variant)
    json["hf_repo"] = .string(task.dataset.paths.first ?? task.dataset.builtin ?? "")
    json["hf_subset"] = .string(task.dataset.configurations.first ?? "default")
    json["evaluation_splits"] = .array([.string(split)])
    json["num_fewshots"] = .integer(Int64(task.fewShot.count))
    return json
  }

  /// Digests of what was asked, so that two runs can be told to have asked the same.
  fileprivate var examplesHash: String {
    TextDigest.hex(details.map { $0.doc["id"]?.stringValue ?? "" }.joined(separator: "\n"))
  }
  fileprivate var promptsHash: String {
    TextDigest.hex(details.map { $0.doc.serializedString() }.joined(separator: "\n"))
  }
}
