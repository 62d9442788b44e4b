/// Why a chat template cannot be read or cannot render a conversation.
public struct ChatTemplateError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong.
  public enum Kind: String, Sendable {
    /// The template is not the language.
    case syntax
    /// An operation that Python or the sandbox refuses.
    case failed
    /// The template itself refused the conversation, with `raise_exception`.
    case raised
    /// The template ran too long, too deep or wrote too much.
    case limit
    /// The conversation is not what a template can take.
    case input
  }

  /// What went wrong.
  public var kind: Kind
  /// The template's file, or what else it is called.
  public var name: String
  /// Line in the template, from 1; `nil` for a problem of the input.
  public var line: Int?
  /// The problem.
  public var problem: String

  /// Describes a problem.
  public init(kind: Kind, name: String, line: Int?, problem: String) {
    self.kind = kind
    self.name = name
    self.line = line
    self.problem = problem
  }

  init(_ failure: TemplateFailure, name: String, line: Int?) {
    self.init(kind: failure.kind, name: name, line: failure.line ?? line, problem: failure.problem)
  }

  /// One sentence with template, line and problem.
  public var description: String {
    let place = line.map { "\(name), line \($0)" } ?? name
    return kind == .raised ? "\(place): the template refuses the conversation: \(problem)" : "\(place): \(problem)"
  }
}
