/// Why a text is not the JSON that was wanted, with its place.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file, or what else the text is called.
  public var name: String
  /// Line of the problem, from 1.
  public var line: Int
  /// Byte of the problem, from 0: in the file for a document, in the line for JSON lines.
  public var offset: Int
  /// What was expected and what was found.
  public var problem: String

  /// Describes a problem.
  public init(name: String, line: Int, offset: Int, problem: String) {
    self.name = name
    self.line = line
    self.offset = offset
    self.problem = problem
  }

  /// One sentence naming file, line, byte and what was expected.
  public var description: String { "\(name), line \(line), byte \(offset): \(problem)" }
}
