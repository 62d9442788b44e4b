extension Interpreter {
  /// Python's `format % values`.
  func percentFormat(_ format: Text, _ values: Value) throws -> Value {
    var builder = TextBuilder()
    var arguments: [Value] = [values]
    if case .tuple(let items) = values { arguments = items.elements }
    var used = 0
    let scalars = format.scalars
    var index = 0
    func next() throws -> Value {
      guard used < arguments.count else { throw TemplateFailure("not enough values for the format string") }
      used += 1
      return arguments[used - 1]
    }
    while index < scalars.count {
      guard scalars[index] == "%" else {
        builder.append(scalars[index])
        index += 1
        continue
      }
      index += 1
      var field = FormatSpecification()
      var value: Value?
      if index < scalars.count, scalars[index] == "(" {
        guard let end = scalars[index...].firstIndex(of: ")") else {
          throw TemplateFailure("a format string has '%(' without ')'")
        }
        guard case .dictionary(let members) = values else {
          throw TemplateFailure("a format string with names needs a mapping")
        }
        var name = TextBuilder()
        for scalar in scalars[(index + 1)..<end] { name.append(scalar) }
        guard let member = members[name.text] else {
          throw TemplateFailure("the format string's \(name.text.representation) is not in the mapping")
        }
        value = member
        used = arguments.count
        index = end + 1
      }
      var isLeft = false
      flags: while index < scalars.count {
        switch scalars[index] {
        case "-": isLeft = true
        case "0": (field.fill, field.alignment) = ("0", "=")
        case "+": field.sign = "+"
        case " ": if field.sign != "+" { field.sign = " " }
        case "#": field.isAlternate = true
        default: break flags
        }
        index += 1
      }
      func number() throws -> Int? {
        guard index < scalars.count, scalars[index] == "*" else {
          return try FormatSpecification.number(scalars, &index)
        }
        index += 1
        guard let number = try next().index else { throw TemplateFailure("'*' in a format needs a whole number") }
        guard number.magnitude <= ChatTemplateLimits.formatWidth else {
          throw TemplateFailure("a format is wider than \(ChatTemplateLimits.formatWidth)", kind: .limit)
        }
        return number
      }
      field.width = try number() ?? 0
      if field.width < 0 { (isLeft, field.width) = (true, -field.width) }
      if index < scalars.count, scalars[index] == "." {
        index += 1
        field.precision = max(0, try number() ?? 0)
      }
      while index < scalars.count, "hlL".unicodeScalars.contains(scalars[index]) { index += 1 }
      guard index < scalars.count else { throw TemplateFailure("a format string ends within a field") }
      let type = scalars[index]
      index += 1
      if type == "%" {
        builder.append("%")
        continue
      }
      if isLeft { (field.fill, field.alignment) = (" ", "<") }
      builder.append(try conversion(type, field, try value ?? next(), isMarkup: format.isMarkup))
      try spend(bytes: builder.bytes.count)
    }
    if used < arguments.count, !isMapping(values) {
      throw TemplateFailure("the format string does not use all values")
    }
    return try text(builder.bytes, isMarkup: format.isMarkup)
  }

  /// What Python takes for a mapping here: anything with items that is neither a tuple nor a string.
  private func isMapping(_ value: Value) -> Bool {
    switch value {
    case .dictionary, .list, .undefined: true
    case .object(let object): object is NumberRange
    default: false
    }
  }

  private func conversion(
    _ type: Unicode.Scalar, _ field: FormatSpecification, _ value: Value, isMarkup: Bool
  ) throws -> Text {
    var field = field
    switch type {
    case "s", "r", "a":
      let text: Text
      if type == "s" {
        let printed = if case .string(let text) = value { text } else { try printed(value) }
        text = isMarkup ? printed.escapedForHTML : printed
      } else {
        text = try representation(value)
      }
      if field.alignment == "=" { (field.fill, field.alignment) = (" ", nil) }
      field.alignment = field.alignment ?? ">"
      return try field.layOut(text)
    case "d", "i", "u":
      field.type = "d"
      let digits = field.precision
      field.precision = nil
      guard let number = value.number, let whole = Int(exactly: number.rounded(.towardZero)) ?? value.index else {
        throw TemplateFailure("'%d' needs a number, not \(value.typeName)")
      }
      let exact = value.index ?? whole
      guard let digits, digits > String(exact.magnitude).utf8.count else { return try field.layOut(exact) }
      let padded = String(repeating: "0", count: digits - String(exact.magnitude).utf8.count) + String(exact.magnitude)
      field.type = nil
      field.alignment = field.alignment == "=" ? ">" : field.alignment ?? ">"
      return try field.layOut(Text((exact < 0 ? "-" : field.sign == "-" ? "" : String(field.sign)) + padded))
    case "x", "X", "o":
      field.type = type
      field.precision = nil
      guard let whole = value.index else {
        throw TemplateFailure("'%\(type)' needs a whole number, not \(value.typeName)")
      }
      return try field.layOut(whole)
    case "f", "F", "e", "E", "g", "G":
      guard let number = value.number else { throw TemplateFailure("'%\(type)' needs a number, not \(value.typeName)") }
      field.type = type
      return try field.layOut(number)
    case "c":
      field.alignment = field.alignment ?? ">"
      if case .string(let text) = value, text.count == 1 { return try field.layOut(text) }
      guard let whole = value.index, let scalar = UInt32(exactly: whole).flatMap(Unicode.Scalar.init) else {
        throw TemplateFailure("'%c' needs one character or its number")
      }
      return try field.layOut(Text(scalar))
    default: throw TemplateFailure("the format '%\(type)' is not understood")
    }
  }
}
