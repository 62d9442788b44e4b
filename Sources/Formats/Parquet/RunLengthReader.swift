/// Reads Parquet's hybrid of run-length and bit-packed numbers: levels, booleans and places in a dictionary.
///
/// Source: apache/parquet-format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid". A run is never unfolded:
/// memory does not depend on the lengths that the bytes claim.
struct RunLengthReader {
  private let bytes: UnsafeRawBufferPointer
  private let width: Int
  private var index = 0
  /// Numbers left in the run.
  private var left = 0
  private var repeated: UInt32?
  /// Where the next number of a packed run begins.
  private var bit = 0

  /// - Parameter width: bits of a number, 0 to 32.
  init(_ bytes: UnsafeRawBufferPointer, width: Int) {
    self.bytes = bytes
    self.width = width
  }

  /// Reads `count` numbers: `body` gets each with how many times it follows itself.
  @inline(__always)
  mutating func read(_ count: Int, _ body: (UInt32, Int) throws -> Void) throws {
    var wanted = count
    while wanted > 0 {
      if left == 0 { try startRun() }
      let piece = min(wanted, left)
      if let repeated {
        try body(repeated, piece)
      } else {
        for _ in 0..<piece {
          guard let value = BitPacked.value(bytes, bit: bit, width: width) else { throw cutShort }
          bit += width
          try body(UInt32(truncatingIfNeeded: value), 1)
        }
      }
      left -= piece
      wanted -= piece
    }
  }

  private mutating func startRun() throws {
    guard let head = Varint.read(bytes, &index), head >> 1 <= UInt64(Int32.max) else { throw cutShort }
    let count = Int(head >> 1)
    guard count > 0 else { throw ParquetDamage("holds a run of no values") }
    if head & 1 == 0 {
      let size = (width + 7) / 8
      guard index + size <= bytes.count else { throw cutShort }
      var value: UInt32 = 0
      for k in 0..<size { value |= UInt32(bytes[index + k]) << UInt32(8 * k) }
      index += size
      repeated = value
      left = count
    } else {
      repeated = nil
      bit = index * 8
      left = count * 8
      // The last run may leave out the bytes that only padding would fill.
      index = min(bytes.count, index + count * width)
    }
  }

  private var cutShort: ParquetDamage { ParquetDamage("holds runs of values that are cut short or damaged") }
}
