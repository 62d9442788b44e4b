/// Why an evaluation cannot be run: one sentence.
public struct EvaluationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The task, file, row or setting it is about.
  public var subject: String
  /// What is wrong and what would be right, as the rest of a sentence that begins with the subject.
  public var problem: String

  /// Describes a problem.
  public init(_ subject: String, _ problem: String) {
    self.subject = subject
    self.problem = problem
  }

  /// The sentence.
  public var description: String { "\(subject) \(problem)" }
}
