/// The methods of a string that Python has.
enum StringMethod: String {
  case strip, lstrip, rstrip, split, rsplit, splitlines, partition, rpartition, join, replace
  case startswith, endswith, find, rfind, index, rindex, count, removeprefix, removesuffix
  case upper, lower, casefold, capitalize, title, swapcase
  case center, ljust, rjust, zfill, expandtabs, format, formatMap = "format_map"
  case isalnum, isalpha, isascii, isdecimal, isdigit, isidentifier, islower, isnumeric, isprintable, isspace, istitle
  case isupper

  func call(_ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments) throws -> Value {
    guard case .string(let text) = value else { return .none }
    try interpreter.spend(bytes: text.bytes.count)
    switch self {
    case .strip, .lstrip, .rstrip:
      let given = try arguments.unnamed(rawValue, 0...1)
      let set = try given.first.flatMap { $0.isNone ? nil : try StringMethod.string($0, rawValue) }
      return .string(text.stripped(self == .strip ? .both : self == .lstrip ? .left : .right, of: set))
    case .split, .rsplit: return try split(interpreter, text, arguments)
    case .splitlines:
      let keeps = try arguments.bound(rawValue, to: ["keepends"])[0]
      return try interpreter.list(text.lines(keepingEnds: try keeps.map(interpreter.isTrue) ?? false).map(Value.string))
    case .partition, .rpartition: return try partition(interpreter, text, arguments)
    case .join:
      return try join(interpreter, text, try arguments.unnamed(rawValue, 1...1)[0])
    case .replace:
      let given = try arguments.unnamed(rawValue, 2...3)
      let limit = try given.count > 2 ? StringMethod.whole(given[2], rawValue) : -1
      let new = try StringMethod.string(given[1], rawValue)
      let old = try StringMethod.string(given[0], rawValue)
      return try interpreter.replace(
        text, old, text.isMarkup ? new.escapedForHTML : new, limit: limit, isMarkup: text.isMarkup)
    case .startswith, .endswith, .find, .rfind, .index, .rindex, .count:
      return try search(interpreter, text, arguments)
    case .removeprefix:
      let part = try StringMethod.string(try arguments.unnamed(rawValue, 1...1)[0], rawValue)
      return .string(
        text.hasPrefix(part) ? Text(Array(text.bytes[part.bytes.count...]), isMarkup: text.isMarkup) : text)
    case .removesuffix:
      let part = try StringMethod.string(try arguments.unnamed(rawValue, 1...1)[0], rawValue)
      let kept = text.bytes.count - part.bytes.count
      return .string(text.hasSuffix(part) ? Text(Array(text.bytes[..<kept]), isMarkup: text.isMarkup) : text)
    case .upper, .lower, .casefold, .capitalize, .title, .swapcase:
      _ = try arguments.unnamed(rawValue, 0...0)
      return try interpreter.text(cased(text))
    case .center, .ljust, .rjust, .zfill, .expandtabs: return try pad(interpreter, text, arguments)
    case .format: return try interpreter.format(text, arguments)
    case .formatMap:
      guard case .dictionary(let members) = try arguments.unnamed(rawValue, 1...1)[0] else {
        throw TemplateFailure("format_map takes a dictionary")
      }
      let pairs = members.entries.compactMap { key, value -> (name: Text, value: Value)? in
        if case .string(let name) = key { (name, value) } else { nil }
      }
      return try interpreter.format(text, CallArguments(keywords: pairs))
    default:
      _ = try arguments.unnamed(rawValue, 0...0)
      return .bool(text.matches(self))
    }
  }

  static func string(_ value: Value, _ method: String) throws -> Text {
    guard case .string(let text) = value else {
      throw TemplateFailure("'\(method)' takes a string, not \(value.typeName)")
    }
    return text
  }

  static func whole(_ value: Value, _ method: String) throws -> Int {
    guard let whole = value.index else {
      throw TemplateFailure("'\(method)' takes a whole number, not \(value.typeName)")
    }
    return whole
  }

  private func cased(_ text: Text) -> Text {
    switch self {
    case .upper: text.uppercased
    case .lower: text.lowercased
    case .casefold: text.caseFolded
    case .capitalize: text.capitalized
    case .title: text.titlecased
    default: text.swappedCase
    }
  }

  private func split(_ interpreter: Interpreter, _ text: Text, _ arguments: CallArguments) throws -> Value {
    let given = try arguments.bound(rawValue, to: ["sep", "maxsplit"])
    let limit = try given[1].map { try StringMethod.whole($0, rawValue) } ?? -1
    let pieces: [Text]
    if let separator = given[0], !separator.isNone {
      let separator = try StringMethod.string(separator, rawValue)
      if separator.isEmpty { throw TemplateFailure("'\(rawValue)' takes no empty separator") }
      pieces =
        self == .split ? text.split(at: separator, limit: limit) : text.splitFromRight(at: separator, limit: limit)
    } else {
      pieces = self == .split ? text.splitAtSpace(limit: limit) : text.splitAtSpaceFromRight(limit: limit)
    }
    return try interpreter.list(pieces.map(Value.string))
  }

  private func partition(_ interpreter: Interpreter, _ text: Text, _ arguments: CallArguments) throws -> Value {
    let separator = try StringMethod.string(try arguments.unnamed(rawValue, 1...1)[0], rawValue)
    if separator.isEmpty { throw TemplateFailure("'\(rawValue)' takes no empty separator") }
    func part(_ bytes: ArraySlice<UInt8>) -> Value { .string(Text(Array(bytes), isMarkup: text.isMarkup)) }
    let found = self == .partition ? text.firstRange(of: separator) : text.lastRange(of: separator)
    guard let found else {
      let parts = [part(text.bytes[...]), part([]), part([])]
      return try interpreter.tuple(self == .partition ? parts : parts.reversed())
    }
    let after = found + separator.bytes.count
    return try interpreter.tuple([
      part(text.bytes[..<found]), part(text.bytes[found..<after]), part(text.bytes[after...]),
    ])
  }

  private func join(_ interpreter: Interpreter, _ separator: Text, _ parts: Value) throws -> Value {
    var bytes: [UInt8] = []
    for (index, part) in try interpreter.elements(of: parts).enumerated() {
      guard case .string(let text) = part else {
        throw TemplateFailure("'join' takes strings; element \(index) is \(part.typeName)")
      }
      if index > 0 { bytes.append(contentsOf: separator.bytes) }
      bytes.append(contentsOf: separator.isMarkup ? text.escapedForHTML.bytes : text.bytes)
      try interpreter.spend(bytes: separator.bytes.count + text.bytes.count)
    }
    return try interpreter.text(bytes, isMarkup: separator.isMarkup)
  }
}
