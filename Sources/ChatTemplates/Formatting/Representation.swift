extension Text {
  /// Python's `repr` of a string.
  var representation: String {
    var builder = TextBuilder()
    appendRepresentation(to: &builder)
    return builder.text.string
  }

  func appendRepresentation(to builder: inout TextBuilder) {
    let quote: UInt8 = bytes.contains(0x27) && !bytes.contains(0x22) ? 0x22 : 0x27
    if isMarkup { builder.append("Markup(") }
    builder.bytes.append(quote)
    for scalar in scalars {
      switch scalar {
      case "\\": builder.append("\\\\")
      case "\n": builder.append("\\n")
      case "\r": builder.append("\\r")
      case "\t": builder.append("\\t")
      default:
        if scalar.value == UInt32(quote) {
          builder.bytes.append(0x5C)
          builder.append(scalar)
        } else if scalar.isPythonPrintable {
          builder.append(scalar)
        } else {
          let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
          let digits = String(scalar.value, radix: 16)
          builder.append("\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)")
        }
      }
    }
    builder.bytes.append(quote)
    if isMarkup { builder.append(")") }
  }
}

extension Unicode.Scalar {
  /// Whether `repr` shows the scalar itself.
  var isPythonPrintable: Bool {
    if value < 0x7F { return value >= 0x20 }
    return switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }
}

extension Interpreter {
  /// Python's `str`.
  func printed(_ value: Value) throws -> Text {
    switch value {
    case .string(let text): text.isMarkup ? text.plain : text
    case .undefined: .empty
    default: try representation(value)
    }
  }

  /// Python's `repr`.
  func representation(_ value: Value) throws -> Text {
    var builder = TextBuilder()
    try appendRepresentation(value, to: &builder)
    return builder.text
  }

  func appendRepresentation(_ value: Value, to builder: inout TextBuilder) throws {
    try spend()
    switch value {
    case .undefined: builder.append("Undefined")
    case .none: builder.append("None")
    case .bool(let value): builder.append(value ? "True" : "False")
    case .integer(let value): builder.append(String(value))
    case .float(let value): builder.append(PythonFloat.representation(value))
    case .string(let text):
      text.appendRepresentation(to: &builder)
      try spend(bytes: builder.bytes.count)
    case .list(let items): try append(items.elements, "[", "]", to: &builder)
    case .tuple(let items):
      try append(items.elements, "(", items.elements.count == 1 ? ",)" : ")", to: &builder)
    case .dictionary(let members):
      builder.append("{")
      for (index, (key, element)) in members.entries.elements.enumerated() {
        if index > 0 { builder.append(", ") }
        try appendRepresentation(key, to: &builder)
        builder.append(": ")
        try appendRepresentation(element, to: &builder)
      }
      builder.append("}")
    case .object(let object):
      builder.append(try enteringCall { try object.representation(self) })
    }
  }

  func append(_ elements: [Value], _ opening: String, _ closing: String, to builder: inout TextBuilder) throws {
    builder.append(opening)
    for (index, element) in elements.enumerated() {
      if index > 0 { builder.append(", ") }
      try appendRepresentation(element, to: &builder)
    }
    builder.append(closing)
  }
}
