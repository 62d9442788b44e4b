public import Formats
import Foundation
import OrderedCollections
import Reporting

/// Results of several models, side by side.
public struct EvaluationComparison: Sendable {
  private struct Figure {
    var value: Double
    var error: Double?
  }
  private struct Model {
    var name: String
    /// Whether it was asked in its chat template; nil where the file does not say.
    var isChat: Bool?
    /// The date in the file's name.
    var date: String
    /// By task, then by the figure's name.
    var results: OrderedDictionary<String, OrderedDictionary<String, Figure>>
    var questions: [String: Int] = [:]
    /// Digests of the questions' names, which only files of this program have in common.
    var questionDigests: [String: String] = [:]
  }
  private let models: [Model]

  /// Reads files of results; of a folder the newest file of each model below it.
  /// - Throws: a sentence naming what is missing or no file of results.
  public init(paths: [String]) throws {
    models = Self.toldApart(try paths.flatMap(Self.files).map(Self.read))
    guard !models.isEmpty else {
      throw EvaluationError(paths.joined(separator: ", "), "holds no results_DATE.json; apus evaluate writes them")
    }
  }

  /// The models with names that say what sets them apart: whether they were asked in a chat template where some were
  /// not, and the date where there are two of a name.
  private static func toldApart(_ models: [Model]) -> [Model] {
    var models = models
    if models.contains(where: { $0.isChat == true }), models.contains(where: { $0.isChat == false }) {
      for i in models.indices where models[i].isChat == true { models[i].name += " (chat)" }
    }
    let counts = Dictionary(models.map { ($0.name, 1) }, uniquingKeysWith: +)
    for i in models.indices where counts[models[i].name] != 1 { models[i].name += " \(models[i].date)" }
    return models
  }

  private static func files(_ path: String) throws -> [String] {
    guard Paths.exists(path) else { throw FileError(path: path, problem: "does not exist") }
    guard Paths.isFolder(path) else { return [path] }
    let names = try Paths.names(inFolder: path)
    // Dates in names sort as they passed.
    if let newest = names.last(where: { $0.hasPrefix("results_") && $0.hasSuffix(".json") }) {
      return [path.appendingPath(newest)]
    }
    if names.contains("results"), Paths.isFolder(path.appendingPath("results")) {
      return try files(path.appendingPath("results"))
    }
    return try names.map { path.appendingPath($0) }.filter(Paths.isFolder).flatMap(files)
  }

  private static func read(_ path: String) throws -> Model {
    let json = try JSON.parse(contentsOfFile: path)
    guard let tasks = json["results"]?.objectValue else {
      throw EvaluationError(path, "has no \"results\"; it is no file of results")
    }
    let general = json["config_general"]
    var model = Model(
      name: general?["model_name"]?.stringValue ?? path.parentPath.lastPathPart,
      isChat: general?["use_chat_template"]?.boolValue,
      date: path.lastPathPart.replacing("results_", with: "").replacing(".json", with: ""), results: [:])
    for (key, figures) in tasks where key != "all" {
      // Some versions of lighteval put a bar before the number of examples.
      let task = key.replacing("|", with: ":")
      var own: OrderedDictionary<String, Figure> = [:]
      for (name, value) in figures.objectValue ?? [:] where !name.hasSuffix("_stderr") {
        guard let value = value.doubleValue else { continue }
        own[name] = Figure(value: value, error: figures["\(name)_stderr"]?.doubleValue)
      }
      model.results[task] = own
      let summary = json["summary_tasks"]?[key]
      model.questions[task] = summary?["questions"]?.intValue
      guard general?["model_fingerprint"] != nil else { continue }
      model.questionDigests[task] = summary?["hashes"]?["hash_examples"]?.stringValue
    }
    for average in model.results.keys where average.contains(":_average:") {
      let members = model.results.keys.filter { isMember($0, of: average) }.sorted()
      let counts = members.compactMap { model.questions[$0] }
      let digests = members.compactMap { model.questionDigests[$0] }
      if !counts.isEmpty { model.questions[average] = counts.reduce(0, +) }
      if !digests.isEmpty { model.questionDigests[average] = digests.joined() }
    }
    return model
  }

  /// Whether an average, `mmlu:smollm3:_average:0`, is also one of this task, `mmlu_anatomy:smollm3:0`.
  private static func isMember(_ task: String, of average: String) -> Bool {
    let (own, family) = (task.split(separator: ":"), average.split(separator: ":"))
    guard isOfFamily(task, average), !task.contains(":_average:") else { return false }
    return own.dropFirst().first == family.dropFirst().first
  }

  /// The same whatever the variant is.
  private static func isOfFamily(_ task: String, _ average: String) -> Bool {
    average.split(separator: ":").first.map { task.hasPrefix("\($0)_") } ?? false
  }

  /// Tasks of any model, in the order of their first appearance; members of a family that has an average are left out.
  private var tasks: [String] {
    var tasks: OrderedSet<String> = []
    for model in models { tasks.append(contentsOf: model.results.keys) }
    let averages = tasks.filter { $0.contains(":_average:") }
    return tasks.filter { task in
      task.contains(":_average:") || !averages.contains { Self.isOfFamily(task, $0) }
    }
  }

  /// The first figure of a task, which is its main one.
  private func mainFigure(_ task: String) -> String? {
    models.lazy.compactMap { $0.results[task]?.keys.first }.first
  }

  /// A sentence for each task that the models were not asked the same questions of.
  private var warnings: [String] {
    tasks.compactMap { task in
      let counts = OrderedSet(models.compactMap { $0.questions[task] })
      if counts.count > 1 {
        let asked = counts.map { Quantity.grouped($0) }.joined(separator: ", ")
        return "\(task): not the same questions, \(asked) of them"
      }
      let digests = Set(models.compactMap { $0.questionDigests[task] })
      return digests.count > 1 ? "\(task): not the same questions, drawn with another seed or of another split" : nil
    }
  }

  /// One line a task, one column a model, and what makes figures not comparable.
  public var table: String {
    var table = TextTable([.left, .left] + models.map { _ in .right })
    table.add(["task", "figure"] + models.map(\.name))
    table.rule()
    for task in tasks {
      guard let name = mainFigure(task) else { continue }
      table.add(
        [task, name]
          + models.map { model in
            model.results[task]?[name].map { figure in
              figure.value <= 1 && !Self.isLength(name)
                ? String(format: "%.2f%%", 100 * figure.value)
                  + (figure.error.map { String(format: " ± %.2f", 100 * $0) } ?? "")
                : String(format: "%.4f", figure.value)
            } ?? "–"
          })
    }
    return table.text + warnings.map { "warning: \($0)\n" }.joined()
  }

  /// Whether a figure is no share.
  private static func isLength(_ name: String) -> Bool { name.contains("perplexity") || name.contains("bits") }

  /// The same for programs.
  public var json: JSON {
    .array(
      models.map { model in
        [
          "model": .string(model.name), "chat": model.isChat.map { .bool($0) } ?? .null,
          "questions": .object(
            .init(uniqueKeysWithValues: model.results.keys.compactMap { task in
              model.questions[task].map { (task, .integer(Int64($0))) }
            })),
          "results": .object(
            model.results.mapValues { figures in
              .object(
                figures.mapValues { figure in
                  ["value": .number(figure.value), "stderr": figure.error.map { .number($0) } ?? .null]
                })
            }),
        ]
      })
  }

  /// A page with the picture.
  public var html: String {
    let benchmarks = tasks.compactMap { task -> BenchmarkPage.Benchmark? in
      guard let name = mainFigure(task) else { return nil }
      let questions = models.lazy.compactMap { $0.questions[task] }.first
      return BenchmarkPage.Benchmark(
        name: String(task.lastIndex(of: ":").map { task[..<$0] } ?? task[...]).replacing(":_average", with: ""),
        note: name + (questions.map { ", \(Quantity.grouped($0)) questions" } ?? ""), isShare: !Self.isLength(name),
        figures: models.map { model in
          model.results[task]?[name].map { figure in
            BenchmarkPage.Figure(
              value: figure.value, low: figure.error.map { figure.value - 1.96 * $0 },
              high: figure.error.map { figure.value + 1.96 * $0 })
          }
        })
    }
    return BenchmarkPage(models: models.map(\.name), benchmarks: benchmarks).html
  }
}
