/// Python's `json.dumps`, which the filter `tojson` is.
struct JSONDump {
  var ensuresASCII = false
  /// What one level of indentation is; `nil` keeps everything on one line.
  var indentation: Text?
  var itemSeparator: Text
  var keySeparator: Text
  var sortsKeys = false

  private var builder = TextBuilder()

  init(ensuresASCII: Bool, indentation: Text?, separators: (Text, Text)?, sortsKeys: Bool) {
    self.ensuresASCII = ensuresASCII
    self.indentation = indentation
    itemSeparator = separators?.0 ?? (indentation == nil ? ", " : ",")
    keySeparator = separators?.1 ?? ": "
    self.sortsKeys = sortsKeys
  }

  mutating func dump(_ value: Value, _ interpreter: Interpreter) throws -> Text {
    try append(value, level: 0, interpreter)
    return builder.text
  }

  private mutating func append(_ value: Value, level: Int, _ interpreter: Interpreter) throws {
    try interpreter.spend()
    switch value {
    case .none: builder.append("null")
    case .bool(let value): builder.append(value ? "true" : "false")
    case .integer(let value): builder.append(String(value))
    case .float(let value): builder.append(JSONDump.number(value))
    case .string(let text):
      appendQuoted(text)
      try interpreter.spend(bytes: text.bytes.count)
    case .list(let items), .tuple(let items):
      if items.elements.isEmpty { return builder.append("[]") }
      builder.append("[")
      for (index, element) in items.elements.enumerated() {
        if index > 0 { builder.append(itemSeparator) }
        breakLine(level + 1)
        try append(element, level: level + 1, interpreter)
      }
      breakLine(level)
      builder.append("]")
    case .dictionary(let members):
      if members.entries.isEmpty { return builder.append("{}") }
      builder.append("{")
      for (index, pair) in try pairs(members, interpreter).enumerated() {
        if index > 0 { builder.append(itemSeparator) }
        breakLine(level + 1)
        appendQuoted(try key(pair.0))
        builder.append(keySeparator)
        try append(pair.1, level: level + 1, interpreter)
      }
      breakLine(level)
      builder.append("}")
    case .undefined, .object:
      throw TemplateFailure("an object of type \(value.typeName) has no JSON form")
    }
  }

  private func pairs(_ members: Members, _ interpreter: Interpreter) throws -> [(Value, Value)] {
    let pairs = members.entries.elements.map { ($0.key, $0.value) }
    guard sortsKeys else { return pairs }
    return try interpreter.sorted(pairs) { $0.0 }
  }

  private func key(_ value: Value) throws -> Text {
    switch value {
    case .string(let text): text
    case .integer(let value): Text(String(value))
    case .float(let value): Text(JSONDump.number(value))
    case .bool(let value): value ? "true" : "false"
    case .none: "null"
    default: throw TemplateFailure("a key of JSON is a string, number, boolean or none, not \(value.typeName)")
    }
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return PythonFloat.representation(value)
  }

  private mutating func breakLine(_ level: Int) {
    guard let indentation else { return }
    builder.append("\n")
    for _ in 0..<level { builder.append(indentation) }
  }

  private mutating func appendQuoted(_ text: Text) {
    builder.bytes.append(0x22)
    if ensuresASCII {
      for scalar in text.scalars { appendEscaped(scalar) }
    } else {
      for byte in text.bytes {
        if byte < 0x20 || byte == 0x22 || byte == 0x5C {
          appendEscaped(Unicode.Scalar(byte))
        } else {
          builder.bytes.append(byte)
        }
      }
    }
    builder.bytes.append(0x22)
  }

  private mutating func appendEscaped(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "\"": builder.append("\\\"")
    case "\\": builder.append("\\\\")
    case "\n": builder.append("\\n")
    case "\r": builder.append("\\r")
    case "\t": builder.append("\\t")
    case "\u{8}": builder.append("\\b")
    case "\u{C}": builder.append("\\f")
    default:
      if scalar.value >= 0x20, scalar.value < 0x7F {
        builder.append(scalar)
      } else {
        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
          let digits = String(unit, radix: 16)
          builder.append("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)")
        }
      }
    }
  }
}
