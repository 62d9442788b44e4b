import Foundation

/// Why a file could not be read or written.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder.
  public var path: String
  /// What went wrong, as the rest of a sentence that begins with the path.
  public var problem: String
  /// The system's error number, if the system refused.
  public var code: Int32?

  /// Describes a problem that is not the system's.
  public init(path: String, problem: String) {
    self.path = path
    self.problem = problem
    self.code = nil
  }

  /// Describes an operation that the system refused.
  /// - Parameters:
  ///   - action: what was tried, as in "cannot be opened".
  ///   - code: the system's error number.
  public init(path: String, action: String, code: Int32 = errno) {
    self.path = path
    self.problem = "\(action): \(String(cString: strerror(code)))"
    self.code = code
  }

  /// One sentence naming the path and the reason.
  public var description: String { "\(path) \(problem)" }
}
