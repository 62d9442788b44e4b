/// Why a program could not be run in a sandbox.
public struct SandboxError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}
