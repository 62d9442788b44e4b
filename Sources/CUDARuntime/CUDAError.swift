/// Why something about a GPU did not work, as a sentence that names what was tried, on which card, and CUDA's reason.
public struct CUDAError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What a caller may want to tell apart.
  public enum Kind: Sendable, Equatable {
    /// A library that CUDA consists of is not on this machine, or not whole.
    case missingLibrary
    /// A library is there but too old: it lacks a function.
    case missingFunction
    /// There is no such card.
    case noDevice
    /// The card's memory, or the host's pinned one, is used up.
    case outOfMemory
    /// A kernel's text does not compile.
    case compilation
    /// A kernel's arguments are not those that it declares.
    case arguments
    /// A library has nothing for these shapes and types.
    case notSupported
    /// A call returned this code of the library that it belongs to.
    case call(code: Int)
  }

  /// What went wrong, for programs.
  public var kind: Kind
  /// What went wrong, for people.
  public var description: String

  /// Describes a failure.
  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
