extension Filter {
  /// A filter that Python's `str` of the value goes through; a text that is marked safe stays so.
  private static func method(_ method: StringMethod) -> Filter {
    Filter { interpreter, value, arguments in
      _ = try arguments.unnamed(method.rawValue, 0...0)
      return try method.call(interpreter, .string(try interpreter.soft(value)), CallArguments())
    }
  }

  /// Filters that make texts of texts.
  static let textFilters: [String: Filter] = [
    "upper": method(.upper), "lower": method(.lower), "capitalize": method(.capitalize),
    "trim": Filter { interpreter, value, arguments in
      let given = try arguments.bound("trim", to: ["chars"])
      let call = CallArguments(positional: given[0].map { [$0] } ?? [])
      return try StringMethod.strip.call(interpreter, .string(try interpreter.soft(value)), call)
    },
    "title": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("title", 0...0)
      return try interpreter.text(titled(try interpreter.soft(value)))
    },
    "string": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("string", 0...0)
      return .string(try interpreter.soft(value))
    },
    "safe": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("safe", 0...0)
      return .string(Text(try interpreter.printed(value).bytes, isMarkup: true))
    },
    "escape": escape, "e": escape,
    "forceescape": Filter { interpreter, value, _ in
      try interpreter.text(try interpreter.printed(value).escapedForHTML)
    },
    "striptags": Filter { interpreter, value, _ in .string(withoutTags(try interpreter.printed(value))) },
    "replace": Filter { interpreter, value, arguments in
      let given = try arguments.bound("replace", to: ["old", "new", "count"], required: 2)
      let limit = try given[2].flatMap { $0.isNone ? nil : try StringMethod.whole($0, "replace") } ?? -1
      let (old, new) = (given[0] ?? .none, given[1] ?? .none)
      return try interpreter.replace(
        try interpreter.printed(value), try interpreter.printed(old), try interpreter.printed(new), limit: limit)
    },
    "center": Filter { interpreter, value, arguments in
      let width = try arguments.bound("center", to: ["width"])[0] ?? .integer(80)
      let call = CallArguments(positional: [width])
      return try StringMethod.center.call(interpreter, .string(try interpreter.soft(value)), call)
    },
    "indent": Filter(indent),
    "truncate": Filter(truncate),
    "wordcount": Filter { interpreter, value, _ in
      var (count, isInWord) = (0, false)
      for scalar in try interpreter.soft(value).scalars {
        if scalar.isPythonWord, !isInWord { count += 1 }
        isInWord = scalar.isPythonWord
      }
      return .integer(count)
    },
    "format": Filter { interpreter, value, arguments in
      if !arguments.keywords.isEmpty {
        guard arguments.positional.isEmpty else {
          throw TemplateFailure("format takes values or named values, not both")
        }
        let pairs = arguments.keywords.map { (Value.string($0.name), $0.value) }
        let named = try interpreter.dictionary(.init(pairs) { $1 })
        return try interpreter.percentFormat(try interpreter.soft(value), named)
      }
      return try interpreter.percentFormat(try interpreter.soft(value), try interpreter.tuple(arguments.positional))
    },
    "urlencode": Filter(urlEncode),
    "tojson": Filter(toJSON),
    "pprint": Filter { interpreter, value, _ in .string(try interpreter.representation(value)) },
  ]

  private static let escape = Filter { interpreter, value, arguments in
    _ = try arguments.unnamed("escape", 0...0)
    return try interpreter.text(try interpreter.soft(value).escapedForHTML)
  }

  /// Words begin at the start and after blanks, hyphens and opening brackets.
  private static func titled(_ text: Text) -> Text {
    var builder = TextBuilder()
    var word: [Unicode.Scalar] = []
    func flush() {
      guard let first = word.first else { return }
      builder.append(first.properties.uppercaseMapping)
      builder.append(Text.lowercased(word.dropFirst()))
      word = []
    }
    for scalar in text.scalars {
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        flush()
        builder.append(scalar)
      } else {
        word.append(scalar)
      }
    }
    flush()
    return builder.text
  }

  private static func indent(
    _ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments
  ) throws -> Value {
    let given = try arguments.bound("indent", to: ["width", "first", "blank"])
    guard case .string(let text) = value else { throw interpreter.unsuitable("indent", value) }
    let indentation: Text
    if case .string(let own)? = given[0] {
      indentation = text.isMarkup ? own.escapedForHTML : own
    } else {
      let width = try given[0].map { try StringMethod.whole($0, "indent") } ?? 4
      if width > ChatTemplateLimits.formatWidth { throw interpreter.exceeded("indented by \(width) blanks") }
      indentation = Text([UInt8](repeating: 0x20, count: max(0, width)))
    }
    let indentsBlank = try interpreter.flag(given[2])
    var bytes: [UInt8] = try interpreter.flag(given[1]) ? indentation.bytes : []
    for (index, line) in Text(text.bytes + [0x0A]).lines().enumerated() {
      if index > 0 {
        bytes.append(0x0A)
        if indentsBlank || !line.isEmpty { bytes.append(contentsOf: indentation.bytes) }
      }
      bytes.append(contentsOf: line.bytes)
      try interpreter.spend(bytes: indentation.bytes.count + line.bytes.count)
    }
    return try interpreter.text(bytes, isMarkup: text.isMarkup)
  }

  private static func truncate(
    _ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments
  ) throws -> Value {
    let given = try arguments.bound("truncate", to: ["length", "killwords", "end", "leeway"])
    let length = try given[0].map { try StringMethod.whole($0, "truncate") } ?? 255
    let end = try given[2].map { try StringMethod.string($0, "truncate") } ?? "..."
    let leeway = try given[3].flatMap { $0.isNone ? nil : try StringMethod.whole($0, "truncate") } ?? 5
    guard length >= end.count, leeway >= 0 else {
      throw TemplateFailure("truncate needs a length of at least that of its end, and no negative leeway")
    }
    guard let count = interpreter.length(value) else { throw interpreter.unsuitable("truncate", value) }
    if count - leeway <= length { return value }
    guard case .string(let text) = value else { throw interpreter.unsuitable("truncate", value) }
    let kept = Text(text.bytes[..<text.byteOffset(ofScalar: length - end.count)])
    let start = try interpreter.flag(given[1]) ? kept : kept.splitFromRight(at: " ", limit: 1)[0]
    return try interpreter.text(start.bytes + end.bytes)
  }

  private static func withoutTags(_ text: Text) -> Text {
    var bytes: [UInt8] = []
    var start = 0
    while let opening = text.firstRange(of: "<", from: start) {
      let isComment = Text(text.bytes[opening...]).hasPrefix("<!--")
      let closing: Text = isComment ? "-->" : ">"
      guard let end = text.firstRange(of: closing, from: opening + (isComment ? 4 : 0)) else { break }
      bytes.append(contentsOf: text.bytes[start..<opening])
      start = end + closing.bytes.count
    }
    bytes.append(contentsOf: text.bytes[start...])
    var joined: [UInt8] = []
    for word in Text(bytes).splitAtSpace() {
      if !joined.isEmpty { joined.append(0x20) }
      joined.append(contentsOf: word.bytes)
    }
    return Text(joined)
  }

  private static func urlEncode(
    _ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments
  ) throws -> Value {
    _ = try arguments.unnamed("urlencode", 0...0)
    func quoted(_ value: Value, isQuery: Bool) throws -> [UInt8] {
      var bytes: [UInt8] = []
      for byte in try interpreter.printed(value).bytes {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
        case 0x2F where !isQuery: bytes.append(byte)
        case 0x20 where isQuery: bytes.append(0x2B)
        default:
          let digits = String(byte, radix: 16, uppercase: true)
          bytes.append(contentsOf: "%\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
        }
      }
      try interpreter.spend(bytes: bytes.count)
      return bytes
    }
    if case .string = value { return try interpreter.text(try quoted(value, isQuery: false)) }
    var pairs = value
    if case .dictionary(let members) = value { pairs = .object(DictionaryView(.items, of: members)) }
    guard try interpreter.iterator(pairs) != nil else { return try interpreter.text(try quoted(value, isQuery: false)) }
    var bytes: [UInt8] = []
    for pair in try interpreter.elements(of: pairs) {
      let parts = try interpreter.elements(of: pair)
      guard parts.count == 2 else { throw TemplateFailure("urlencode takes pairs of a key and a value") }
      if !bytes.isEmpty { bytes.append(0x26) }
      bytes += try quoted(parts[0], isQuery: true) + [0x3D] + quoted(parts[1], isQuery: true)
    }
    return try interpreter.text(bytes)
  }

  private static func toJSON(_ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments) throws -> Value {
    let given = try arguments.bound("tojson", to: ["ensure_ascii", "indent", "separators", "sort_keys"])
    var indentation: Text?
    switch given[1] {
    case nil, .some(.none): break
    case .string(let text)?: indentation = text
    case let width?:
      let width = try StringMethod.whole(width, "tojson")
      if width > ChatTemplateLimits.formatWidth { throw interpreter.exceeded("indented by \(width) blanks") }
      indentation = Text([UInt8](repeating: 0x20, count: max(0, width)))
    }
    var separators: (Text, Text)?
    if let pair = given[2], !pair.isNone {
      let parts = try interpreter.elements(of: pair)
      guard parts.count == 2, case .string(let item) = parts[0], case .string(let key) = parts[1] else {
        throw TemplateFailure("the separators of tojson are two strings")
      }
      separators = (item, key)
    }
    var dump = JSONDump(
      ensuresASCII: try interpreter.flag(given[0]), indentation: indentation, separators: separators,
      sortsKeys: try interpreter.flag(given[3]))
    return try interpreter.text(try dump.dump(value, interpreter))
  }
}

extension Interpreter {
  /// Jinja's `soft_str`: a string stays what it is, marked or not.
  func soft(_ value: Value) throws -> Text {
    if case .string(let text) = value { return text }
    return try printed(value)
  }
}
