extension JSONScanner {
  /// Appends the UTF-8 that a string stands for. A surrogate escape without its partner becomes U+FFFD.
  func append(_ text: Text, to output: inout [UInt8]) {
    guard text.isEscaped else {
      output.append(contentsOf: bytes[text.start..<text.end])
      return
    }
    var i = text.start
    while i < text.end {
      var run = i
      while run < text.end, bytes[run] != 0x5C { run += 1 }
      output.append(contentsOf: bytes[i..<run])
      i = run
      guard i < text.end else { break }
      let code = bytes[i + 1]
      i += 2
      switch code {
      case 0x62: output.append(0x08)
      case 0x66: output.append(0x0C)
      case 0x6E: output.append(0x0A)
      case 0x72: output.append(0x0D)
      case 0x74: output.append(0x09)
      case 0x75:
        var unit = codeUnit(at: i)
        i += 4
        if unit & 0xFC00 == 0xD800, i + 6 <= text.end, bytes[i] == 0x5C, bytes[i + 1] == 0x75 {
          let low = codeUnit(at: i + 2)
          if low & 0xFC00 == 0xDC00 {
            unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF))
            i += 6
          }
        }
        output.append(contentsOf: UTF8.encode(UnicodeScalar(unit) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
      default: output.append(code)
      }
    }
  }

  /// The string's value; its UTF-8 has been checked.
  func string(_ text: Text) -> String {
    guard text.isEscaped else {
      return String(decoding: UnsafeBufferPointer(rebasing: bytes[text.start..<text.end]), as: UTF8.self)
    }
    var unescaped: [UInt8] = []
    unescaped.reserveCapacity(text.end - text.start)
    append(text, to: &unescaped)
    return String(decoding: unescaped, as: UTF8.self)
  }

  private func codeUnit(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 << 4 | (JSONScanner.hexadecimal(bytes[offset + $1]) ?? 0) }
  }
}
