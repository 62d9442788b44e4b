extension Unicode.Scalar {
  /// Whether Python's `str.isspace`, `str.strip` and the `\s` of its expressions see white space.
  var isPythonSpace: Bool {
    switch value {
    case 9...13, 28...32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  /// Whether `str.splitlines` ends a line here.
  var isPythonLineBreak: Bool {
    switch value {
    case 10...13, 28...30, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}

extension Text {
  /// Which ends are stripped.
  struct Ends: OptionSet {
    let rawValue: Int
    static let left = Ends(rawValue: 1)
    static let right = Ends(rawValue: 2)
    static let both: Ends = [.left, .right]
  }

  /// Without the white space at its ends, or without the given scalars there.
  func stripped(_ ends: Ends = .both, of characters: Text? = nil) -> Text {
    let set = characters.map { Set($0.scalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var start = 0
    var end = bytes.count
    while ends.contains(.left), start < end {
      let (scalar, width) = Text.scalar(in: bytes, at: start)
      guard isStripped(scalar) else { break }
      start += width
    }
    while ends.contains(.right), end > start {
      var first = end - 1
      while first > start, Text.isContinuation(bytes[first]) { first -= 1 }
      guard isStripped(Text.scalar(in: bytes, at: first).scalar) else { break }
      end = first
    }
    return start == 0 && end == bytes.count ? self : Text(Array(bytes[start..<end]), isMarkup: isMarkup)
  }

  /// Lines as `str.splitlines` cuts them: no empty one after the last break.
  func lines(keepingEnds: Bool = false) -> [Text] {
    var lines: [Text] = []
    var start = 0
    var index = 0
    while index < bytes.count {
      let (scalar, width) = Text.scalar(in: bytes, at: index)
      guard scalar.isPythonLineBreak else {
        index += width
        continue
      }
      var next = index + width
      if scalar == "\r", next < bytes.count, bytes[next] == 0x0A { next += 1 }
      lines.append(Text(Array(bytes[start..<(keepingEnds ? next : index)]), isMarkup: isMarkup))
      start = next
      index = next
    }
    if start < bytes.count { lines.append(Text(Array(bytes[start...]), isMarkup: isMarkup)) }
    return lines
  }
}
