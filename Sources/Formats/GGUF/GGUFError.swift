/// Why a GGUF file was refused.
public struct GGUFError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a problem lies in.
  public enum Subject: Sendable, Equatable {
    case file
    case key(String)
    case tensor(String)
  }

  /// The file.
  public var path: String
  /// What the problem lies in.
  public var subject: Subject
  /// What is wrong, as the rest of a sentence.
  public var problem: String

  /// Describes a problem.
  public init(path: String, _ subject: Subject = .file, problem: String) {
    self.path = path
    self.subject = subject
    self.problem = problem
  }

  /// One sentence naming file, key or tensor, and problem.
  public var description: String {
    switch subject {
    case .file: "\(path): \(problem)"
    case .key(let name): "\(path): the key \"\(GGUFError.short(name))\" \(problem)"
    case .tensor(let name): "\(path): the tensor \"\(GGUFError.short(name))\" \(problem)"
    }
  }

  /// A name that may come from a hostile file, not longer than a line.
  private static func short(_ name: String) -> String {
    name.utf8.count <= 80 ? name : name.prefix(80) + "…"
  }
}
