import Formats

/// Scorers by the names that task files give them.
enum AnswerScorers {
  /// The mapping, whose `name` must be that of a scorer.
  static func checked(_ node: TaskNode) throws -> TaskNode {
    let name = try node.required("name")
    guard ScorerCatalog.makers[name] != nil else {
      let known = ScorerCatalog.makers.keys.sorted().joined(separator: ", ")
      throw node.problem("name", "is \"\(name)\"; it must be one of \(known)")
    }
    return node
  }

  /// The scorer of a mapping: its `name` and options.
  static func make(_ node: TaskNode) throws -> any AnswerScorer {
    guard let maker = ScorerCatalog.makers[try checked(node).required("name")] else {
      throw node.problem("name", "is no scorer")
    }
    var options = node.members
    options["name"] = nil
    return try maker(.object(options))
  }
}

/// Rows that come with the program.
enum BuiltinRows {
  private static let sets: [String: @Sendable () throws -> [JSON]] = ["prompt_suite": { try PromptSuite.rows() }]

  static func named(_ name: String) throws -> [JSON] {
    guard let rows = sets[name] else {
      throw EvaluationError("dataset, builtin:", "\"\(name)\" is none of \(sets.keys.sorted().joined(separator: ", "))")
    }
    return try rows()
  }
}
