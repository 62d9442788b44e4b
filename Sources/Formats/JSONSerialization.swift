extension JSON {
  /// The value as UTF-8 text.
  ///
  /// Numbers take the shortest form that reads back to the same `Double`; strings escape only quotes, backslashes
  /// and control characters. A number that is not finite has no JSON form and becomes `null`.
  /// - Parameter pretty: indents by two spaces, one member a line, as Hugging Face's files are; otherwise no blanks.
  public func serialized(pretty: Bool = false) -> [UInt8] {
    var output: [UInt8] = []
    append(to: &output, indentation: pretty ? 0 : nil)
    return output
  }

  /// The value as a string of JSON text.
  public func serializedString(pretty: Bool = false) -> String {
    String(decoding: serialized(pretty: pretty), as: UTF8.self)
  }

  private func append(to output: inout [UInt8], indentation: Int?) {
    switch self {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
    case .integer(let value): output.append(contentsOf: value.description.utf8)
    case .number(let value): output.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
    case .string(let value): JSON.append(quoted: value, to: &output)
    case .array(let elements):
      output.append(0x5B)
      for (position, element) in elements.enumerated() {
        if position > 0 { output.append(0x2C) }
        JSON.breakLine(&output, indentation.map { $0 + 1 })
        element.append(to: &output, indentation: indentation.map { $0 + 1 })
      }
      if !elements.isEmpty { JSON.breakLine(&output, indentation) }
      output.append(0x5D)
    case .object(let members):
      output.append(0x7B)
      for (position, (key, value)) in members.elements.enumerated() {
        if position > 0 { output.append(0x2C) }
        JSON.breakLine(&output, indentation.map { $0 + 1 })
        JSON.append(quoted: key, to: &output)
        output.append(0x3A)
        if indentation != nil { output.append(0x20) }
        value.append(to: &output, indentation: indentation.map { $0 + 1 })
      }
      if !members.isEmpty { JSON.breakLine(&output, indentation) }
      output.append(0x7D)
    }
  }

  private static func breakLine(_ output: inout [UInt8], _ indentation: Int?) {
    guard let indentation else { return }
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: 2 * indentation))
  }

  private static func append(quoted text: String, to output: inout [UInt8]) {
    var text = text
    output.append(0x22)
    text.withUTF8 { bytes in
      var start = 0
      for i in 0..<bytes.count {
        let byte = bytes[i]
        guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
        output.append(contentsOf: bytes[start..<i])
        start = i + 1
        output.append(0x5C)
        switch byte {
        case 0x08: output.append(0x62)
        case 0x09: output.append(0x74)
        case 0x0A: output.append(0x6E)
        case 0x0C: output.append(0x66)
        case 0x0D: output.append(0x72)
        case 0x22, 0x5C: output.append(byte)
        default:
          output.append(contentsOf: [0x75, 0x30, 0x30, byte < 0x10 ? 0x30 : 0x31])
          output.append(contentsOf: String(byte & 15, radix: 16).utf8)
        }
      }
      output.append(contentsOf: bytes[start...])
    }
    output.append(0x22)
  }
}

extension JSON: CustomStringConvertible {
  /// The value as compact JSON text.
  public var description: String { serializedString() }
}
