import Testing

/// Expects a job that failed: code 1, and one sentence that holds all of `words`.
func expectFailure(
  _ outcome: Command.Outcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.code == 1, "\(outcome)", sourceLocation: sourceLocation)
  let lines = outcome.complaint.split(separator: "\n")
  #expect(lines.count == 1, "one line on standard error: \(outcome.complaint)", sourceLocation: sourceLocation)
  #expect(outcome.output.isEmpty, "nothing on standard output", sourceLocation: sourceLocation)
  for word in words {
    #expect(
      outcome.complaint.contains(word), "\"\(word)\" in: \(outcome.complaint)", sourceLocation: sourceLocation)
  }
  for sign in ["Fatal error", "Error(", "Optional(", "NSError", "Domain="] {
    #expect(!outcome.complaint.contains(sign), "plain words: \(outcome.complaint)", sourceLocation: sourceLocation)
  }
}

/// Expects a command line that makes no sense: code 2, and a message that holds all of `words`.
func expectMisuse(
  _ outcome: Command.Outcome, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.code == 2, "\(outcome)", sourceLocation: sourceLocation)
  #expect(outcome.output.isEmpty, "nothing on standard output", sourceLocation: sourceLocation)
  for word in words {
    #expect(
      outcome.complaint.contains(word), "\"\(word)\" in: \(outcome.complaint)", sourceLocation: sourceLocation)
  }
}

/// Expects a job that went well.
func expectSuccess(_ outcome: Command.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(outcome.code == 0, "\(outcome)", sourceLocation: sourceLocation)
}
