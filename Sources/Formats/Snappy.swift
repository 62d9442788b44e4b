/// Snappy's raw format: a length, then literal bytes and copies of bytes that came before.
///
/// Source: google/snappy, format_description.txt.
enum Snappy {
  /// Decompresses into memory of exactly the right size; `false` when the data is damaged or of another size.
  static func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    var index = 0
    guard let size = Varint.read(input, &index), size == UInt64(output.count) else { return false }
    var filled = 0
    while index < input.count {
      let tag = Int(input[index])
      index += 1
      var length = tag >> 2 + 1
      var offset = 0
      switch tag & 3 {
      case 0:
        if length > 60 {
          let bytes = length - 60
          guard let value = little(input, index, bytes) else { return false }
          length = value + 1
          index += bytes
        }
        guard length <= input.count - index, length <= output.count - filled else { return false }
        UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + length])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: input[index..<index + length]))
        index += length
        filled += length
        continue
      case 1:
        guard index < input.count else { return false }
        length = tag >> 2 & 7 + 4
        offset = (tag >> 5) << 8 | Int(input[index])
        index += 1
      default:
        let bytes = tag & 3 == 2 ? 2 : 4
        guard let value = little(input, index, bytes) else { return false }
        offset = value
        index += bytes
      }
      guard offset > 0, offset <= filled, length <= output.count - filled else { return false }
      copy(output, from: filled - offset, to: filled, length)
      filled += length
    }
    return filled == output.count
  }

  /// Copies within the output; where source and target overlap, the bytes between repeat.
  @inline(__always)
  private static func copy(_ output: UnsafeMutableRawBufferPointer, from source: Int, to target: Int, _ length: Int) {
    guard let base = output.baseAddress else { return }
    if target - source >= length {
      (base + target).copyMemory(from: base + source, byteCount: length)
    } else {
      let bytes = base.assumingMemoryBound(to: UInt8.self)
      for k in 0..<length { bytes[target + k] = bytes[source + k] }
    }
  }

  private static func little(_ input: UnsafeRawBufferPointer, _ index: Int, _ bytes: Int) -> Int? {
    guard bytes <= input.count - index else { return nil }
    var value = 0
    for k in 0..<bytes { value |= Int(input[index + k]) << (8 * k) }
    return value
  }

  /// Compresses bytes; the result never grows by more than a sixth.
  static func compress(_ input: UnsafeRawBufferPointer) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(input.count / 2 + 32)
    Varint.append(UInt64(input.count), to: &output)
    // Copies reach back at most 65,535 bytes, so that two bytes always name them.
    var places = [Int](repeating: -1, count: 1 << 14)
    var index = 0
    var literal = 0
    var misses = 0
    while index + 8 <= input.count {
      let word = input.loadUnaligned(fromByteOffset: index, as: UInt32.self)
      let slot = Int((word &* 0x9E37_79B1) >> 18)
      let candidate = places[slot]
      places[slot] = index
      guard candidate >= 0, index - candidate < 1 << 16,
        input.loadUnaligned(fromByteOffset: candidate, as: UInt32.self) == word
      else {
        // Data that does not repeat is stepped over faster and faster.
        misses += 1
        index += 1 + misses >> 5
        continue
      }
      misses = 0
      var length = 4
      while index + length < input.count, input[candidate + length] == input[index + length] { length += 1 }
      appendLiteral(UnsafeRawBufferPointer(rebasing: input[literal..<index]), to: &output)
      appendCopy(offset: index - candidate, length: length, to: &output)
      index += length
      literal = index
    }
    appendLiteral(UnsafeRawBufferPointer(rebasing: input[literal...]), to: &output)
    return output
  }

  private static func appendLiteral(_ bytes: UnsafeRawBufferPointer, to output: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let last = bytes.count - 1
    if last < 60 {
      output.append(UInt8(last << 2))
    } else {
      let width = (BitPacked.width(last) + 7) / 8
      output.append(UInt8(59 + width) << 2)
      for k in 0..<width { output.append(UInt8(truncatingIfNeeded: last >> (8 * k))) }
    }
    output.append(contentsOf: bytes)
  }

  private static func appendCopy(offset: Int, length: Int, to output: inout [UInt8]) {
    var left = length
    while left > 0 {
      let piece = min(left, 64)
      output.append(UInt8(piece - 1) << 2 | 2)
      output.append(UInt8(truncatingIfNeeded: offset))
      output.append(UInt8(truncatingIfNeeded: offset >> 8))
      left -= piece
    }
  }
}
