import Formats
import Tensors

/// What the residual stream and the result of a branch are multiplied by before they are added up (DeepNorm,
/// arXiv:2203.00555).
public struct ResidualFactors: Hashable, Sendable {
  public var stream: Double
  public var branch: Double

  public init(stream: Double = 1, branch: Double = 1) {
    (self.stream, self.branch) = (stream, branch)
  }

  /// Reads `stream` and `branch`, each 1 unless given.
  /// - Throws: `SettingsError` for what is no finite number.
  init(_ settings: inout Settings) throws {
    stream = try settings.number("stream", "a finite number") { _ in true } ?? 1
    branch = try settings.number("branch", "a finite number") { _ in true } ?? 1
  }

  var settings: JSON { ["stream": .number(stream), "branch": .number(branch)] }

  /// A stream and what is to be added to it, weighted.
  func apply(_ stream: ResidualStream, on tape: inout Tape) -> ResidualStream {
    var weighted = stream
    if self.stream != 1 { weighted.sum = tape.scale(stream.sum, by: Float(self.stream)) }
    if branch != 1 { weighted.delta = stream.delta.map { tape.scale($0, by: Float(branch)) } }
    return weighted
  }
}
