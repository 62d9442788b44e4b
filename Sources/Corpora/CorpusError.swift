/// Why data could not be read, prepared or loaded.
public struct CorpusError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, folder or setting that the problem lies in.
  public var subject: String
  /// What is wrong and what would be right, as the rest of a sentence that begins with the subject.
  public var problem: String

  /// Describes a problem.
  public init(_ subject: String, _ problem: String) {
    self.subject = subject
    self.problem = problem
  }

  /// One sentence naming the subject and the problem.
  public var description: String { "\(subject) \(problem)" }
}
