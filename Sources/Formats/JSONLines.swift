/// Takes one string field out of lines of JSON (JSONL) without building the values around it.
///
/// Every line is still checked in full: it must be one object of valid JSON whose field is a string.
public struct JSONLines: Sendable {
  /// The file, for messages.
  public let name: String
  /// The top-level key whose string is wanted.
  public let key: String

  /// Describes a file of JSON lines.
  public init(name: String, key: String) {
    self.name = name
    self.key = key
  }

  /// Appends the decoded UTF-8 of the field to `output`; on an error `output` is unchanged.
  /// - Parameters:
  ///   - line: one line's bytes, with or without its newline.
  ///   - number: the line's number in the file, from 1.
  /// - Throws: `JSONError` naming file and line when the line is no object or the field is missing or no string.
  public func appendField(
    ofLine line: UnsafeBufferPointer<UInt8>, number: Int, to output: inout [UInt8]
  ) throws(JSONError) {
    var scanner = JSONScanner(line, name: name, firstLine: number)
    scanner.skipWhitespace()
    try scanner.take(0x7B, "an object such as {\"\(key)\": \"…\"}")
    var field: JSONScanner.Text?
    var other: Int?
    scanner.skipWhitespace()
    if scanner.peek == 0x7D {
      scanner.index += 1
    } else {
      while true {
        scanner.skipWhitespace()
        let text = try scanner.takeText("a key in quotes")
        scanner.skipWhitespace()
        try scanner.take(0x3A, "':' after a key")
        scanner.skipWhitespace()
        if isKey(text, scanner) {
          if scanner.peek == 0x22 {
            field = try scanner.takeText()
          } else {
            (field, other) = (nil, scanner.index)
            try scanner.skipValue(depth: 1)
          }
        } else {
          try scanner.skipValue(depth: 1)
        }
        scanner.skipWhitespace()
        if scanner.peek == 0x2C {
          scanner.index += 1
          continue
        }
        try scanner.take(0x7D, "',' or '}' after a member of the object")
        break
      }
    }
    try scanner.finish()
    guard let field else {
      let problem = other == nil ? "the object has no field \"\(key)\"" : "the field \"\(key)\" is not a string"
      throw scanner.failure(problem, at: other ?? 0)
    }
    scanner.append(field, to: &output)
  }

  /// The decoded UTF-8 of the field.
  public func field(ofLine line: UnsafeBufferPointer<UInt8>, number: Int) throws(JSONError) -> [UInt8] {
    var output: [UInt8] = []
    try appendField(ofLine: line, number: number, to: &output)
    return output
  }

  private func isKey(_ text: JSONScanner.Text, _ scanner: JSONScanner) -> Bool {
    guard text.isEscaped else { return key.utf8.elementsEqual(scanner.bytes[text.start..<text.end]) }
    return scanner.string(text).utf8.elementsEqual(key.utf8)
  }
}

extension JSONScanner {
  /// Steps over a value and checks it.
  mutating func skipValue(depth: Int) throws(JSONError) {
    skipWhitespace()
    switch peek {
    case 0x22: _ = try takeText()
    case 0x7B: try skipContainer(depth: depth + 1, closing: 0x7D, hasKeys: true)
    case 0x5B: try skipContainer(depth: depth + 1, closing: 0x5D, hasKeys: false)
    case 0x74: try takeLiteral("true")
    case 0x66: try takeLiteral("false")
    case 0x6E: try takeLiteral("null")
    case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39: _ = try takeNumber()
    default: throw expected("a JSON value")
    }
  }

  private mutating func skipContainer(depth: Int, closing: UInt8, hasKeys: Bool) throws(JSONError) {
    try checkDepth(depth)
    index += 1
    skipWhitespace()
    if peek == closing {
      index += 1
      return
    }
    while true {
      if hasKeys {
        skipWhitespace()
        _ = try takeText("a key in quotes")
        skipWhitespace()
        try take(0x3A, "':' after a key")
      }
      try skipValue(depth: depth)
      skipWhitespace()
      if peek == 0x2C {
        index += 1
        continue
      }
      try take(
        closing, hasKeys ? "',' or '}' after a member of the object" : "',' or ']' after an element of the array")
      return
    }
  }
}
