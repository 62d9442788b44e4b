import Formats

/// Which data a task asks for: a Hugging Face name and configuration, files, or rows that the program brings along.
public struct DatasetReference: Sendable, Equatable {
  /// Names such as `allenai/ai2_arc`, the usual one first; a folder of the name's last part counts too.
  public let paths: [String]
  /// Configurations such as `ARC-Easy`, the usual one first; empty for a dataset without.
  public let configurations: [String]
  /// Rows of this name come with the program.
  public let builtin: String?

  init(_ node: TaskNode, subset: String?) throws {
    guard let own = try node.mapping("dataset") else { throw node.problem("dataset", "is missing") }
    try own.allow(["path", "name", "builtin"])
    paths = try own.strings("path") ?? []
    configurations = try (own.strings("name") ?? []).map { $0.replacing("{subset}", with: subset ?? "") }
    builtin = try own.string("builtin")
    guard (builtin == nil) != paths.isEmpty else {
      throw own.problem("path", "must name a dataset, or \"builtin\" rows of the program")
    }
  }

  /// The name to show.
  public var name: String { builtin ?? paths[0] + (configurations.first.map { "/\($0)" } ?? "") }
}
