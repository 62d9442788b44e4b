/// A Unicode normalization form (Unicode Standard Annex 15), with the tables of the `tokenizers` library.
enum NormalizationForm: UInt8, Sendable {
  case nfc, nfd, nfkc, nfkd

  /// Its bit in the table of scalars that may change.
  var bit: UInt8 { 1 << rawValue }
  private var isComposed: Bool { self == .nfc || self == .nfkc }
  private var isCompatible: Bool { self == .nfkc || self == .nfkd }

  /// The text in this form, nil if it already is. Bytes that are no UTF-8 stay where they are.
  func apply(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let base = bytes.baseAddress, Self.hasNonASCII(bytes) else { return nil }
    let data = NormalizationData.shared
    let scanner = ByteScanner(bytes: base, end: bytes.count)
    var output: [UInt8] = []
    var copied = 0
    var scalars: [UInt32] = []
    var place = 0
    // Where the symbol before starts, if it is a scalar that nothing happens to.
    var previous = -1
    while place < bytes.count {
      if bytes[place] < 0x80 {
        previous = place
        place += 1
        continue
      }
      let (scalar, width) = scanner.multibyteScalar(at: place)
      guard scalar != ByteScanner.noScalar, data.activeForms[Int(scalar)] & bit != 0 else {
        previous = scalar == ByteScanner.noScalar ? -1 : place
        place += width
        continue
      }
      // A stretch that can only change within itself: from the scalar before to the next one that nothing happens to.
      let start = isComposed && previous >= 0 ? previous : place
      scalars.removeAll(keepingCapacity: true)
      if start < place {
        data.appendDecomposition(of: scanner.scalar(at: start).scalar, isCompatible: isCompatible, to: &scalars)
      }
      while place < bytes.count {
        let (scalar, width) = scanner.scalar(at: place)
        guard scalar != ByteScanner.noScalar, data.activeForms[Int(scalar)] & bit != 0 else { break }
        data.appendDecomposition(of: scalar, isCompatible: isCompatible, to: &scalars)
        place += width
      }
      Self.sortMarks(&scalars, data)
      if isComposed { Self.compose(&scalars, data) }
      if output.isEmpty { output.reserveCapacity(bytes.count + bytes.count / 8) }
      output.append(contentsOf: bytes[copied..<start])
      for scalar in scalars { output.appendUTF8(scalar) }
      copied = place
      previous = -1
    }
    guard copied > 0 else { return nil }
    output.append(contentsOf: bytes[copied...])
    return output
  }

  /// Whether any byte is above 0x7f; eight at a time.
  static func hasNonASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    var place = 0
    while place + 8 <= raw.count {
      if raw.loadUnaligned(fromByteOffset: place, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return true }
      place += 8
    }
    return bytes[place...].contains { $0 >= 0x80 }
  }

  /// Puts runs of marks in the order of their classes, equal ones as they come.
  private static func sortMarks(_ scalars: inout [UInt32], _ data: NormalizationData) {
    var start = 0
    while start < scalars.count {
      guard data.combiningClasses[Int(scalars[start])] != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < scalars.count, data.combiningClasses[Int(scalars[end])] != 0 { end += 1 }
      if end - start > 1 {
        // The place decides among equals, as the standard's order is stable.
        let sorted = scalars[start..<end].enumerated().sorted {
          let (a, b) = (data.combiningClasses[Int($0.element)], data.combiningClasses[Int($1.element)])
          return a != b ? a < b : $0.offset < $1.offset
        }
        for (offset, mark) in sorted.enumerated() { scalars[start + offset] = mark.element }
      }
      start = end
    }
  }

  /// Joins scalars with the starter before them where a composite exists and nothing stands between.
  private static func compose(_ scalars: inout [UInt32], _ data: NormalizationData) {
    var count = 0
    var starter = -1
    var lastClass: UInt8 = 0
    for scalar in scalars {
      let ownClass = data.combiningClasses[Int(scalar)]
      if starter >= 0, lastClass == 0 || lastClass < ownClass, let joined = data.composite(scalars[starter], scalar) {
        scalars[starter] = joined
        continue
      }
      if ownClass == 0 { starter = count }
      lastClass = ownClass
      scalars[count] = scalar
      count += 1
    }
    scalars.removeSubrange(count...)
  }
}

extension [UInt8] {
  /// Appends a scalar as UTF-8.
  @inline(__always)
  mutating func appendUTF8(_ scalar: UInt32) {
    switch scalar {
    case 0..<0x80: append(UInt8(truncatingIfNeeded: scalar))
    case 0x80..<0x800:
      append(UInt8(truncatingIfNeeded: 0xc0 | scalar >> 6))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    case 0x800..<0x10000:
      append(UInt8(truncatingIfNeeded: 0xe0 | scalar >> 12))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    default:
      append(UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
      append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
    }
  }
}
