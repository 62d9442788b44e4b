/// How a program ended and what it wrote.
public struct SandboxOutcome: Sendable, Equatable {
  /// Why a program is no longer running.
  public enum End: Sendable, Equatable {
    /// It ended itself with a status.
    case exited(Int32)
    /// The system ended it with a signal.
    case signalled(Int32)
    /// Its time was over.
    case outOfTime
    /// It had more threads than it may.
    case tooManyThreads
    /// Its folder held more than it may.
    case wroteTooMuch
  }

  /// Why it is no longer running.
  public var end: End
  /// The first bytes of its standard output.
  public var output: [UInt8]
  /// The first bytes of its standard error.
  public var errors: [UInt8]
  /// The first bytes of what it wrote to descriptor 3.
  public var report: [UInt8]
  /// Whether it wrote more than was kept.
  public var isCut: Bool
  /// How long it ran by the clock.
  public var seconds: Double
}
