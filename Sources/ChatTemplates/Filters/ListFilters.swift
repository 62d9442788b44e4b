extension Filter {
  private static let length = Filter { interpreter, value, arguments in
    _ = try arguments.unnamed("length", 0...0)
    guard let length = interpreter.length(value) else {
      throw TemplateFailure("object of type '\(value.typeName)' has no length")
    }
    return .integer(length)
  }

  private static let fallback = Filter { interpreter, value, arguments in
    let given = try arguments.bound("default", to: ["default_value", "boolean"])
    if value.isUndefined { return given[0] ?? .string(.empty) }
    if try interpreter.flag(given[1]), try !interpreter.isTrue(value) { return given[0] ?? .string(.empty) }
    return value
  }

  /// Filters that look at a list, take from it or cut it.
  static let listFilters: [String: Filter] = [
    "length": length, "count": length, "default": fallback, "d": fallback,
    "list": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("list", 0...0)
      return try interpreter.list(try interpreter.elements(of: value))
    },
    "first": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("first", 0...0)
      var elements = try interpreter.iterate(value)
      return try elements.next() ?? .undefined(Undefined("No first item, sequence was empty."))
    },
    "last": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("last", 0...0)
      return try reversible(interpreter, value).last ?? .undefined(Undefined("No last item, sequence was empty."))
    },
    "reverse": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("reverse", 0...0)
      if case .string(let text) = value { return try interpreter.slice(.string(text), nil, nil, -1) }
      var elements = try interpreter.elements(of: value)
      return try interpreter.generator(over: value.depth) { elements.popLast() }
    },
    "join": Filter { interpreter, value, arguments in
      let given = try arguments.bound("join", to: ["d", "attribute"])
      let separator = try interpreter.printed(given[0] ?? .string(.empty))
      let path = interpreter.path(given[1])
      var bytes: [UInt8] = []
      for (index, element) in try interpreter.elements(of: value).enumerated() {
        if index > 0 { bytes.append(contentsOf: separator.bytes) }
        let text = try interpreter.printed(try interpreter.value(path, of: element))
        bytes.append(contentsOf: text.bytes)
        try interpreter.spend(bytes: separator.bytes.count + text.bytes.count)
      }
      return try interpreter.text(bytes)
    },
    "items": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("items", 0...0)
      // As Jinja's, it complains only when somebody asks for the pairs.
      var pairs: ValueIterator?
      return try interpreter.generator(over: value.depth) {
        if pairs == nil { pairs = try items(interpreter, value) }
        return try pairs?.next()
      }
    },
    "batch": Filter { interpreter, value, arguments in
      let given = try arguments.bound("batch", to: ["linecount", "fill_with"], required: 1)
      let size = given[0] ?? .none
      var elements = try interpreter.iterate(value)
      var ahead: Value?
      var isDone = false
      return try interpreter.generator(over: value.depth) {
        guard !isDone else { return nil }
        var batch = ahead.map { [$0] } ?? []
        ahead = nil
        while let element = try elements.next() {
          if .integer(batch.count) == size {
            ahead = element
            return try interpreter.list(batch)
          }
          batch.append(element)
        }
        isDone = true
        if batch.isEmpty { return nil }
        if let fill = given[1], !fill.isNone, let size = size.index, batch.count < size {
          try interpreter.spend(size)
          batch += [Value](repeating: fill, count: size - batch.count)
        }
        return try interpreter.list(batch)
      }
    },
    "slice": Filter { interpreter, value, arguments in
      let given = try arguments.bound("slice", to: ["slices", "fill_with"], required: 1)
      var (part, start, count) = (0, 0, 0)
      var elements: [Value] = []
      return try interpreter.generator(over: value.depth) {
        if part == 0 {
          elements = try interpreter.elements(of: value)
          count = try StringMethod.whole(given[0] ?? .none, "slice")
          if count == 0 { throw TemplateFailure("slice cannot cut into 0 parts") }
        }
        guard part < count else { return nil }
        let extra = part < elements.count % count
        let end = start + elements.count / count + (extra ? 1 : 0)
        var slice = Array(elements[start..<end])
        if let fill = given[1], !fill.isNone, !extra { slice.append(fill) }
        (part, start) = (part + 1, end)
        return try interpreter.list(slice)
      }
    },
    "attr": Filter { interpreter, value, arguments in
      let name = try arguments.bound("attr", to: ["name"], required: 1)[0] ?? .none
      guard case .string(let name) = name else { throw TemplateFailure("attr takes the name of an attribute") }
      if case .undefined(let undefined) = value { throw TemplateFailure(undefined.message) }
      return try interpreter.ownAttribute(name, of: value)
        ?? .undefined(Undefined("'\(value.typeName)' has no attribute '\(name.string)'"))
    },
  ]

  private static func items(_ interpreter: Interpreter, _ value: Value) throws -> ValueIterator {
    switch value {
    case .undefined: return ValueIterator([])
    case .dictionary(let members): return ValueIterator(try DictionaryView(.items, of: members).elements(interpreter))
    default: throw TemplateFailure("only a mapping has items, not '\(value.typeName)'")
    }
  }

  /// The elements of what Python can walk backwards.
  private static func reversible(_ interpreter: Interpreter, _ value: Value) throws -> [Value] {
    switch value {
    case .string, .list, .tuple, .dictionary, .undefined: return try interpreter.elements(of: value)
    case .object(let object) where object is NumberRange || object is DictionaryView:
      return try interpreter.elements(of: value)
    default: throw TemplateFailure("'\(value.typeName)' object is not reversible")
    }
  }
}
