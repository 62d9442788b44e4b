import Formats

/// Scorers by the names that task files give them.
enum AnswerScorers {
  private static let makers: [String: @Sendable (JSON) throws -> any AnswerScorer] = [
    "python": { try PythonScorer(options: $0) }
  ]

  /// The mapping, whose `name` must be that of a scorer.
  static func checked(_ node: TaskNode) throws -> TaskNode {
    let name = try node.required("name")
    guard makers[name] != nil else {
      throw node.problem("name", "is \"\(name)\"; it must be one of \(makers.keys.sorted().joined(separator: ", "))")
    }
    return node
  }

  /// The scorer of a mapping: its `name` and options.
  static func make(_ node: TaskNode) throws -> any AnswerScorer {
    let name = try checked(node).required("name")
    var options = node.members
    options["name"] = nil
    guard let maker = makers[name] else { throw node.problem("name", "is no scorer") }
    return try maker(.object(options))
  }
}

/// Rows that come with the program.
enum BuiltinRows {
  private static let sets: [String: @Sendable () -> [JSON]] = [:]

  static func named(_ name: String) throws -> [JSON] {
    guard let rows = sets[name] else {
      throw EvaluationError("dataset, builtin:", "\"\(name)\" is none of \(sets.keys.sorted().joined(separator: ", "))")
    }
    return rows()
  }
}
