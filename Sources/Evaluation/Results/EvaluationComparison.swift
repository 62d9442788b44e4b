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
    /// By task, then by the figure's name.
    var results: OrderedDictionary<String, OrderedDictionary<String, Figure>>
    var questions: [String: Int]
  }
  private let models: [Model]

  /// Reads files of results; of a folder the newest file of each model below it.
  /// - Throws: a sentence naming what is missing or no file of results.
  public init(paths: [String]) throws {
    models = try paths.flatMap(Self.files).map(Self.read)
    guard !models.isEmpty else {
      throw EvaluationError(paths.joined(separator: ", "), "holds no results_DATE.json; apus evaluate writes them")
    }
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
    var model = Model(
      name: json["config_general"]?["model_name"]?.stringValue ?? path.parentPath.lastPathPart, results: [:],
      questions: [:])
    for (key, figures) in tasks where key != "all" {
      // Some versions of lighteval put a bar before the number of examples.
      let task = key.replacing("|", with: ":")
      var own: OrderedDictionary<String, Figure> = [:]
      for (name, value) in figures.objectValue ?? [:] where !name.hasSuffix("_stderr") {
        guard let value = value.doubleValue else { continue }
        own[name] = Figure(value: value, error: figures["\(name)_stderr"]?.doubleValue)
      }
      model.results[task] = own
      model.questions[task] = json["summary_tasks"]?[key]?["questions"]?.intValue
    }
    return model
  }

  /// Tasks of any model, in the order of their first appearance; members of a family that has an average are left out.
  private var tasks: [String] {
    var tasks: OrderedSet<String> = []
    for model in models { tasks.append(contentsOf: model.results.keys) }
    let families = tasks.filter { $0.contains(":_average:") }.compactMap { $0.split(separator: ":").first }
    return tasks.filter { task in
      task.contains(":_average:") || !families.contains { task.hasPrefix("\($0)_") }
    }
  }

  /// The first figure of a task, which is its main one.
  private func mainFigure(_ task: String) -> String? {
    models.lazy.compactMap { $0.results[task]?.keys.first }.first
  }

  /// One line a task, one column a model.
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
    return table.text
  }

  /// Whether a figure is no share.
  private static func isLength(_ name: String) -> Bool { name.contains("perplexity") || name.contains("bits") }

  /// The same for programs.
  public var json: JSON {
    .array(
      models.map { model in
        [
          "model": .string(model.name),
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
