import CKernels

/// The rows of a matrix where they are stored, such as in a mapped file, widened to float32 as they are read.
public struct StoredRows: Sendable {
  private let reading: @Sendable (_ rows: Range<Int>, _ values: UnsafeMutableBufferPointer<Float>) -> Void
  private let releasing: @Sendable () -> Void
  /// Whether the weights are what Q8_0 holds of the stored ones.
  private let roundsToQ8: Bool

  /// Describes a stored matrix.
  /// - Parameters:
  ///   - release: lets go of the memory that reading has taken.
  ///   - read: fills `values`, `[rows, width]`, with some rows.
  public init(
    release: @escaping @Sendable () -> Void = {},
    read: @escaping @Sendable (_ rows: Range<Int>, _ values: UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    self.init(reading: read, releasing: release, roundsToQ8: false)
  }

  private init(
    reading: @escaping @Sendable (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void,
    releasing: @escaping @Sendable () -> Void, roundsToQ8: Bool
  ) {
    (self.reading, self.releasing, self.roundsToQ8) = (reading, releasing, roundsToQ8)
  }

  /// The same rows as GGUF's Q8_0 holds them, if blocks of 32 fill a row.
  /// - Parameter width: elements of a row.
  public func roundedToQ8(width: Int) -> StoredRows {
    StoredRows(reading: reading, releasing: releasing, roundsToQ8: width % 32 == 0)
  }

  /// Fills `values`, `[rows, width]`, with some rows.
  public func read(_ rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>) {
    reading(rows, values)
    if roundsToQ8 { apus_q8_round(Int64(values.count), values.baseAddress) }
  }

  /// Lets go of the memory that reading has taken; reading again takes it again.
  public func release() { releasing() }
}
