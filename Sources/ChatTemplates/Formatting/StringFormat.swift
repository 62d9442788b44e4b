extension Interpreter {
  /// Python's `format.format(...)`, by the sandbox's rules for attributes.
  func format(_ format: Text, _ arguments: CallArguments) throws -> Value {
    var automatic = 0
    return try text(
      try self.format(format.scalars[...], arguments, &automatic, level: 0, isMarkup: format.isMarkup).bytes,
      isMarkup: format.isMarkup)
  }

  private func format(
    _ scalars: ArraySlice<Unicode.Scalar>, _ arguments: CallArguments, _ automatic: inout Int, level: Int,
    isMarkup: Bool
  ) throws -> Text {
    if level > 2 { throw TemplateFailure("a format string nests fields too deep") }
    var builder = TextBuilder()
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let next = index + 1 < scalars.endIndex ? scalars[index + 1] : nil
      index += 1
      guard scalar == "{" || scalar == "}" else {
        builder.append(scalar)
        continue
      }
      if next == scalar {
        builder.append(scalar)
        index += 1
        continue
      }
      if scalar == "}" { throw TemplateFailure("a format string has a single '}'") }
      guard let end = Interpreter.fieldEnd(scalars, from: index) else {
        throw TemplateFailure("a format string has '{' without '}'")
      }
      let text = try formatField(scalars[index..<end], arguments, &automatic, level: level, isMarkup: isMarkup)
      builder.append(text)
      try spend(bytes: builder.bytes.count)
      index = end + 1
    }
    return builder.text
  }

  private static func fieldEnd(_ scalars: ArraySlice<Unicode.Scalar>, from start: Int) -> Int? {
    var open = 1
    var isInBrackets = false
    for index in start..<scalars.endIndex {
      switch scalars[index] {
      case "[": isInBrackets = true
      case "]": isInBrackets = false
      case "{" where !isInBrackets: open += 1
      case "}" where !isInBrackets:
        open -= 1
        if open == 0 { return index }
      default: break
      }
    }
    return nil
  }

  private func formatField(
    _ field: ArraySlice<Unicode.Scalar>, _ arguments: CallArguments, _ automatic: inout Int, level: Int, isMarkup: Bool
  ) throws -> Text {
    var isInBrackets = false
    let nameEnd =
      field.firstIndex { scalar in
        if scalar == "[" { isInBrackets = true } else if scalar == "]" { isInBrackets = false }
        return !isInBrackets && (scalar == "!" || scalar == ":")
      } ?? field.endIndex
    var value = try fieldValue(field[..<nameEnd], arguments, &automatic)
    var index = nameEnd
    if index < field.endIndex, field[index] == "!" {
      guard index + 1 < field.endIndex, index + 2 == field.endIndex || field[index + 2] == ":" else {
        throw TemplateFailure("a format string has '!' without s, r or a behind it")
      }
      switch field[index + 1] {
      case "s": value = .string(try printed(value))
      case "r": value = .string(try representation(value))
      case "a": value = .string(try asciiRepresentation(value))
      default: throw TemplateFailure("a format string has '!' without s, r or a behind it")
      }
      index += 2
    }
    let rest = index < field.endIndex ? field[(index + 1)...] : []
    let specification = try format(rest, arguments, &automatic, level: level + 1, isMarkup: false)
    let text = try laidOut(value, specification)
    if case .string(let own) = value, own.isMarkup { return text }
    return isMarkup ? text.escapedForHTML : text
  }

  private func laidOut(_ value: Value, _ specification: Text) throws -> Text {
    if specification.isEmpty { return try printed(value) }
    let field = try FormatSpecification(specification)
    switch value {
    case .string(let text): return try field.layOut(text)
    case .integer(let whole): return try field.layOut(whole)
    case .bool(let bool): return try field.layOut(bool ? 1 : 0)
    case .float(let number): return try field.layOut(number)
    default: throw TemplateFailure("a value of type \(value.typeName) takes no format specification")
    }
  }

  private func asciiRepresentation(_ value: Value) throws -> Text {
    var builder = TextBuilder()
    for scalar in try representation(value).scalars {
      if scalar.isASCII {
        builder.append(scalar)
      } else {
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        let digits = String(scalar.value, radix: 16)
        builder.append("\\\(letter)\(String(repeating: "0", count: width - digits.count))\(digits)")
      }
    }
    return builder.text
  }

  /// The value of a field such as `0`, `name`, `name.attribute` or `name[item]`.
  private func fieldValue(
    _ name: ArraySlice<Unicode.Scalar>, _ arguments: CallArguments, _ automatic: inout Int
  ) throws -> Value {
    func text(_ part: ArraySlice<Unicode.Scalar>) -> Text {
      var builder = TextBuilder()
      for scalar in part { builder.append(scalar) }
      return builder.text
    }
    let firstEnd = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
    let first = text(name[..<firstEnd])
    var value: Value
    if first.isEmpty || Int(first.string) != nil {
      guard automatic >= 0 && first.isEmpty || automatic <= 0 && !first.isEmpty else {
        throw TemplateFailure("a format string numbers some of its fields only")
      }
      let place = first.isEmpty ? automatic : Int(first.string) ?? 0
      automatic = first.isEmpty ? automatic + 1 : -1
      guard arguments.positional.indices.contains(place) else {
        throw TemplateFailure("the format string's field \(place) has no value")
      }
      value = arguments.positional[place]
    } else {
      guard let member = arguments.keywords.first(where: { $0.name == first }) else {
        throw TemplateFailure("the format string's field \(first.representation) has no value")
      }
      value = member.value
    }
    var rest = name[firstEnd...]
    while let mark = rest.first {
      if mark == "." {
        let end = rest.dropFirst().firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
        value = try attribute(text(rest[(rest.startIndex + 1)..<end]), of: value)
        rest = rest[end...]
      } else {
        guard mark == "[", let end = rest.firstIndex(of: "]") else {
          throw TemplateFailure("a field of a format string is not understood")
        }
        let key = text(rest[(rest.startIndex + 1)..<end])
        value = try item(of: value, Int(key.string).map(Value.integer) ?? .string(key))
        rest = rest[(end + 1)...]
      }
    }
    return value
  }
}
