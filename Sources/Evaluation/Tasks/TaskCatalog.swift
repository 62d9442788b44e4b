import Formats
import Models

/// The task files that come with the program, and those that a user names by path.
public struct TaskCatalog: Sendable {
  /// Whose prompts are asked where nothing else is said.
  public static let defaultVariant = "smollm3"

  /// The files in order of their names.
  public let files: [TaskFile]

  /// The built-in files.
  /// - Throws: `EvaluationError` where one of them is wrong, which the tests rule out.
  public init() throws {
    files = try EmbeddedTaskFiles.all.map { name, bytes in
      try TaskFile(String(decoding: bytes, as: UTF8.self), place: name)
    }
  }

  /// The tasks that names mean: a task, a family of subsets or one of them, a group, `all`, or the path of a task file.
  /// `NAME:VARIANT` asks for a variant of its own. A task named twice is there once.
  /// - Parameter variant: whose prompts; nil: the usual ones, or a file's first where it has no such variant.
  /// - Throws: `EvaluationError` naming what is unknown and what may have been meant.
  public func tasks(_ names: [String], variant: String? = nil) throws -> [EvaluationTask] {
    var tasks: [EvaluationTask] = []
    for name in names {
      let parts = name.hasSuffix(".yaml") ? [name] : name.split(separator: ":", maxSplits: 1).map(String.init)
      let wanted = parts.count > 1 ? parts[1] : variant
      for task in try find(parts.first ?? "", variant: wanted)
      where !tasks.contains(where: { $0.name == task.name && $0.variant == task.variant }) {
        tasks.append(task)
      }
    }
    return tasks
  }

  private func find(_ name: String, variant: String?) throws -> [EvaluationTask] {
    if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
      let text = try MappedFile(name).withBytes { String(decoding: $0, as: UTF8.self) }
      return try Self.tasks(of: TaskFile(text, place: name), variant: variant)
    }
    if let file = files.first(where: { $0.name == name }) { return try Self.tasks(of: file, variant: variant) }
    let grouped = files.filter { $0.groups.contains(name) || name == "all" }
    if !grouped.isEmpty { return try grouped.flatMap { try Self.tasks(of: $0, variant: variant) } }
    for file in files where name.hasPrefix("\(file.name)_") {
      let own = try Self.tasks(of: file, variant: variant).filter { $0.name == name }
      if !own.isEmpty { return own }
    }
    let known = files.flatMap { file in [file.name] + file.groups + file.subsets.map { "\(file.name)_\($0)" } }
    let meant = nearestName(to: name, in: known).map { "; did you mean \($0)?" } ?? ""
    throw EvaluationError(
      "The task \"\(name)\"", "is not known\(meant) (--list shows all; a file's name ends in .yaml)")
  }

  private static func tasks(of file: TaskFile, variant: String?) throws -> [EvaluationTask] {
    if let variant { return try file.tasks(variant: variant) }
    let usual = file.variants.contains(defaultVariant) ? defaultVariant : file.variants[0]
    return try file.tasks(variant: usual)
  }
}
