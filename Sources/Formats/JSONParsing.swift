import OrderedCollections

extension JSON {
  /// Parses one JSON document (RFC 8259) and nothing after it.
  ///
  /// Of a repeated key the last value stays. Nesting deeper than 256, invalid UTF-8 and numbers beyond `Double` are
  /// refused; a surrogate escape without its partner becomes U+FFFD; a byte order mark is ignored.
  /// - Parameter name: the file, or what else the text is called, for messages.
  /// - Throws: `JSONError` with line, byte and what was expected.
  public static func parse(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws -> JSON {
    var scanner = JSONScanner(bytes, name: name)
    scanner.skipByteOrderMark()
    let value = try scanner.takeValue(depth: 0)
    try scanner.finish()
    return value
  }

  /// Parses one JSON document from bytes.
  public static func parse(_ bytes: [UInt8], name: String) throws -> JSON {
    try bytes.withUnsafeBufferPointer { try parse($0, name: name) }
  }

  /// Parses one JSON document from a string.
  public static func parse(_ text: String, name: String = "JSON text") throws -> JSON {
    var text = text
    return try text.withUTF8 { try parse($0, name: name) }
  }

  /// Reads and parses a file.
  /// - Throws: `FileError` when it cannot be read, `JSONError` when it is no JSON.
  public static func parse(contentsOfFile path: String) throws -> JSON {
    let file = try MappedFile(path)
    return try file.bytes.withMemoryRebound(to: UInt8.self) { try parse($0, name: path) }
  }
}

extension JSONScanner {
  mutating func takeValue(depth: Int, refusingRepeatedKeys: Bool = false) throws(JSONError) -> JSON {
    skipWhitespace()
    switch peek {
    case 0x22: return .string(string(try takeText()))
    case 0x7B: return try takeObject(depth: depth + 1, refusingRepeatedKeys)
    case 0x5B: return try takeArray(depth: depth + 1)
    case 0x74:
      try takeLiteral("true")
      return .bool(true)
    case 0x66:
      try takeLiteral("false")
      return .bool(false)
    case 0x6E:
      try takeLiteral("null")
      return .null
    case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39: return try takeNumberValue()
    default: throw expected("a JSON value")
    }
  }

  func checkDepth(_ depth: Int) throws(JSONError) {
    if depth > JSONScanner.depthLimit {
      throw failure("the value is nested deeper than \(JSONScanner.depthLimit) levels")
    }
  }

  private mutating func takeArray(depth: Int) throws(JSONError) -> JSON {
    try checkDepth(depth)
    index += 1
    var elements: [JSON] = []
    skipWhitespace()
    if peek == 0x5D {
      index += 1
      return .array(elements)
    }
    while true {
      elements.append(try takeValue(depth: depth))
      skipWhitespace()
      if peek == 0x2C {
        index += 1
        continue
      }
      try take(0x5D, "',' or ']' after an element of the array")
      return .array(elements)
    }
  }

  private mutating func takeObject(depth: Int, _ refusingRepeatedKeys: Bool) throws(JSONError) -> JSON {
    try checkDepth(depth)
    index += 1
    var members: OrderedDictionary<String, JSON> = [:]
    skipWhitespace()
    if peek == 0x7D {
      index += 1
      return .object(members)
    }
    while true {
      skipWhitespace()
      let keyStart = index
      let key = string(try takeText("a key in quotes"))
      skipWhitespace()
      try take(0x3A, "':' after the key \"\(key)\"")
      let value = try takeValue(depth: depth)
      let count = members.count
      members[key] = value
      if members.count == count {
        if refusingRepeatedKeys { throw failure("the key \"\(key)\" stands here a second time", at: keyStart) }
        if let position = members.index(forKey: key), !members.keys[position].utf8.elementsEqual(key.utf8) {
          throw failure("the key \"\(key)\" is canonically equivalent to an earlier one in other bytes", at: keyStart)
        }
      }
      skipWhitespace()
      if peek == 0x2C {
        index += 1
        continue
      }
      try take(0x7D, "',' or '}' after the value of \"\(key)\"")
      return .object(members)
    }
  }

  private mutating func takeNumberValue() throws(JSONError) -> JSON {
    let (start, whole) = try takeNumber()
    if whole, index - start <= 20 {
      let negative = bytes[start] == 0x2D
      var value: Int64 = 0
      var fits = true
      for i in (negative ? start + 1 : start)..<index {
        let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
        let digit = Int64(bytes[i] - 0x30)
        let (sum, overflowedToo) = product.addingReportingOverflow(negative ? -digit : digit)
        if overflowed || overflowedToo {
          fits = false
          break
        }
        value = sum
      }
      if fits { return .integer(value) }
    }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<index]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      throw failure("the number is too large for a 64-bit float", at: start)
    }
    return .number(value)
  }
}
