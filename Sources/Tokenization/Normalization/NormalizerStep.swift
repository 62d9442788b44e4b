/// One change that a tokenizer makes to text before anything is cut.
enum NormalizerStep: Sendable {
  case form(NormalizationForm)
  case lowercase
  case stripAccents
  case strip(left: Bool, right: Bool)
  case replace(Pattern, with: [UInt8])
  case prepend([UInt8])
  /// The cleaning of Google's NMT: control characters go, odd white space becomes a space.
  case nmt
  case characterMap(CharacterMap)
  case sentencePiece(SentencePieceNormalizer)

  /// The changed text, nil if nothing changes.
  func apply(_ bytes: UnsafeBufferPointer<UInt8>, _ matcher: inout PatternMatcher) -> [UInt8]? {
    switch self {
    case .form(let form): form.apply(bytes)
    case .lowercase: Self.lowercased(bytes)
    case .stripAccents: Self.filtered(bytes) { ScalarTables.accents[Int($0)] == 0 ? $0 : nil }
    case .strip(let left, let right): Self.stripped(bytes, left, right)
    case .replace(let pattern, let content): Self.replaced(bytes, pattern, content, &matcher)
    case .prepend(let text): bytes.isEmpty ? nil : text + bytes
    case .nmt: Self.filtered(bytes, Self.nmt)
    case .characterMap(let map): map.applyByCluster(bytes)
    case .sentencePiece(let normalizer): normalizer.apply(bytes)
    }
  }

  private static func stripped(_ bytes: UnsafeBufferPointer<UInt8>, _ left: Bool, _ right: Bool) -> [UInt8]? {
    var range = 0..<bytes.count
    if left { range = TextEdges.leadingWhitespaceEnd(bytes, range)..<range.upperBound }
    if right { range = range.lowerBound..<TextEdges.trailingWhitespaceStart(bytes, range) }
    return range.count == bytes.count ? nil : Array(bytes[range])
  }

  static func replaced(
    _ bytes: UnsafeBufferPointer<UInt8>, _ pattern: Pattern, _ content: [UInt8], _ matcher: inout PatternMatcher
  ) -> [UInt8]? {
    guard let base = bytes.baseAddress else { return nil }
    var output: [UInt8] = []
    var copied = 0
    var found = false
    matcher.forEachMatch(of: pattern, in: base, 0..<bytes.count) { match in
      if !found { output.reserveCapacity(bytes.count + bytes.count / 4) }
      found = true
      output.append(contentsOf: bytes[copied..<match.lowerBound])
      output.append(contentsOf: content)
      copied = match.upperBound
    }
    guard found else { return nil }
    output.append(contentsOf: bytes[copied...])
    return output
  }

  private static func lowercased(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let base = bytes.baseAddress else { return nil }
    let scanner = ByteScanner(bytes: base, end: bytes.count)
    let table = ScalarTables.lowercase
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var changed = false
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      if byte < 0x80 {
        let isCapital = byte &- 0x41 < 26
        changed = changed || isCapital
        output.append(isCapital ? byte | 0x20 : byte)
        place += 1
        continue
      }
      let (scalar, width) = scanner.multibyteScalar(at: place)
      if scalar != ByteScanner.noScalar, let small = table[scalar] {
        changed = true
        for scalar in small { output.appendUTF8(scalar) }
      } else {
        output.append(contentsOf: bytes[place..<place + width])
      }
      place += width
    }
    return changed ? output : nil
  }

  /// Changes or drops single scalars.
  private static func filtered(_ bytes: UnsafeBufferPointer<UInt8>, _ change: (UInt32) -> UInt32?) -> [UInt8]? {
    guard let base = bytes.baseAddress else { return nil }
    let scanner = ByteScanner(bytes: base, end: bytes.count)
    var output: [UInt8] = []
    var copied = 0
    var place = 0
    while place < bytes.count {
      let (scalar, width) = scanner.scalar(at: place)
      if scalar != ByteScanner.noScalar, case let changed = change(scalar), changed != scalar {
        output.append(contentsOf: bytes[copied..<place])
        if let changed { output.appendUTF8(changed) }
        copied = place + width
      }
      place += width
    }
    guard copied > 0 else { return nil }
    output.append(contentsOf: bytes[copied...])
    return output
  }

  private static func nmt(_ scalar: UInt32) -> UInt32? {
    switch scalar {
    case 0x01...0x08, 0x0b, 0x0e...0x1f, 0x7f, 0x8f, 0x9f: nil
    case 0x09, 0x0a, 0x0c, 0x0d, 0x1680, 0x200b...0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd: 0x20
    default: scalar
    }
  }
}
