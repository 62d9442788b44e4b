/// Why a tokenizer can not be read, trained or used: one sentence.
public struct TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or the setting it is about.
  public var subject: String
  /// What is wrong and what would be right.
  public var problem: String

  /// Describes a problem.
  public init(_ subject: String, _ problem: String) {
    self.subject = subject
    self.problem = problem
  }

  /// The sentence.
  public var description: String { "\(subject): \(problem)" }
}
