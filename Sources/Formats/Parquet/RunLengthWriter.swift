/// Writes Parquet's hybrid of run-length and bit-packed numbers; `RunLengthReader` names its source.
enum RunLengthWriter {
  /// The numbers, of `width` bits each, 1 to 32.
  static func encode<Number: FixedWidthInteger>(_ numbers: ArraySlice<Number>, width: Int) -> [UInt8] {
    var output: [UInt8] = []
    // Numbers that no run has taken yet; always whole groups of eight, but for the last.
    var packed = numbers.startIndex
    var index = numbers.startIndex
    while index < numbers.endIndex {
      var end = index + 1
      while end < numbers.endIndex, numbers[end] == numbers[index] { end += 1 }
      // A group that has begun is filled up first.
      let start = min(end, index + (8 - (index - packed) % 8) % 8)
      guard end - start >= 8 else {
        index = end
        continue
      }
      appendPacked(numbers[packed..<start], width, to: &output)
      Varint.append(UInt64(end - start) << 1, to: &output)
      for k in 0..<(width + 7) / 8 { output.append(UInt8(truncatingIfNeeded: numbers[index] >> Number(8 * k))) }
      packed = end
      index = end
    }
    appendPacked(numbers[packed...], width, to: &output)
    return output
  }

  private static func appendPacked<Number: FixedWidthInteger>(
    _ numbers: ArraySlice<Number>, _ width: Int, to output: inout [UInt8]
  ) {
    guard !numbers.isEmpty else { return }
    let groups = (numbers.count + 7) / 8
    Varint.append(UInt64(groups) << 1 | 1, to: &output)
    let end = output.count + groups * width
    var bits: UInt64 = 0
    var count = 0
    for number in numbers {
      bits |= UInt64(truncatingIfNeeded: number) << UInt64(count)
      count += width
      while count >= 8 {
        output.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
        count -= 8
      }
    }
    if count > 0 { output.append(UInt8(truncatingIfNeeded: bits)) }
    output.append(contentsOf: repeatElement(0, count: end - output.count))
  }
}
