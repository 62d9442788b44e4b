extension Interpreter {
  /// Python's truth of a value.
  func isTrue(_ value: Value) throws -> Bool {
    switch value {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .string(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.elements.isEmpty
    case .dictionary(let members): !members.entries.isEmpty
    case .object(let object): object is LoopState ? true : (object.length ?? 1) > 0
    }
  }

  /// Python's `len`; `nil` where it refuses.
  func length(_ value: Value) -> Int? {
    switch value {
    case .undefined: 0
    case .string(let text): text.count
    case .list(let items), .tuple(let items): items.elements.count
    case .dictionary(let members): members.entries.count
    case .object(let object): object.length
    default: nil
    }
  }

  /// Python's `iter`; `nil` where it refuses.
  func iterator(_ value: Value) throws -> ValueIterator? {
    switch value {
    case .undefined: return ValueIterator([])
    case .string(let text):
      try spend(1 + text.bytes.count)
      return ValueIterator(text.plain.characters.map(Value.string))
    case .list(let items), .tuple(let items): return ValueIterator(items.elements)
    case .dictionary(let members): return ValueIterator(Array(members.entries.keys))
    case .object(let object): return try object.iterator(self)
    default: return nil
    }
  }

  func iterate(_ value: Value) throws -> ValueIterator {
    guard let iterator = try iterator(value) else {
      throw TemplateFailure("'\(value.typeName)' object is not iterable")
    }
    return iterator
  }

  /// All elements of an iterable.
  func elements(of value: Value) throws -> [Value] {
    if case .list(let items) = value { return items.elements }
    if case .tuple(let items) = value { return items.elements }
    var iterator = try iterate(value)
    var elements: [Value] = []
    while let element = try iterator.next() {
      try spend()
      elements.append(element)
    }
    return elements
  }

  // MARK: Attributes and items

  /// `base.name`: an attribute, else the item of that name.
  func attribute(_ name: Text, of base: Value) throws -> Value {
    if case .undefined(let undefined) = base { throw TemplateFailure(undefined.message) }
    if let value = try ownAttribute(name, of: base) { return value }
    if case .dictionary(let members) = base, let value = members[name] { return value }
    return missing(name, of: base)
  }

  /// `base[key]`: an item, else the attribute of that name.
  func item(of base: Value, _ key: Value) throws -> Value {
    switch base {
    case .undefined(let undefined): throw TemplateFailure(undefined.message)
    case .dictionary(let members):
      if key.isHashable, let value = members.entries[key] { return value }
    case .list(let items), .tuple(let items):
      if let index = key.index {
        let place = index < 0 ? index + items.elements.count : index
        if items.elements.indices.contains(place) { return items.elements[place] }
      }
    case .string(let text):
      if let index = key.index, let character = try character(index, of: text) { return character }
    case .object(let object):
      if let value = object.item(key) { return value }
    default: break
    }
    guard case .string(let name) = key else {
      return .undefined(Undefined("\(base.typeName) has no element \(try representation(key).string)"))
    }
    return try ownAttribute(name, of: base) ?? missing(name, of: base)
  }

  private func missing(_ name: Text, of base: Value) -> Value {
    .undefined(Undefined("'\(base.typeName)' has no attribute '\(name.string)'"))
  }

  /// What Python's `getattr` finds, as far as the sandbox lets it through.
  func ownAttribute(_ name: Text, of base: Value) throws -> Value? {
    let isHidden = name.bytes.starts(with: [0x5F, 0x5F]) && name.hasSuffix("__")
    if isHidden { return unsafe(name, of: base) }
    switch base {
    case .string: return StringMethod(rawValue: name.string).map { method(name, base, $0.call) }
    case .dictionary:
      guard let method = DictionaryMethod(rawValue: name.string) else { return nil }
      return method.changes ? unsafe(name, of: base) : self.method(name, base, method.call)
    case .list:
      guard let method = ListMethod(rawValue: name.string) else { return nil }
      return method.changes ? unsafe(name, of: base) : self.method(name, base, method.call)
    case .tuple:
      guard name == "count" || name == "index" else { return nil }
      return ListMethod(rawValue: name.string).map { method(name, base, $0.call) }
    case .object(let object): return try object.attribute(name, self)
    default: return nil
    }
  }

  private func unsafe(_ name: Text, of base: Value) -> Value {
    .undefined(Undefined("access to attribute '\(name.string)' of '\(base.typeName)' object is unsafe"))
  }

  private func method(
    _ name: Text, _ base: Value, _ body: @escaping (Interpreter, Value, CallArguments) throws -> Value
  ) -> Value {
    .object(Function(name.string, depth: base.depth) { try body($0, base, $1) })
  }

  private func character(_ index: Int, of text: Text) throws -> Value? {
    let count = index < 0 ? text.count : 0
    let place = index + count
    guard place >= 0 else { return nil }
    try spend(bytes: text.bytes.count)
    let start = text.byteOffset(ofScalar: place)
    guard start < text.bytes.count else { return nil }
    let width = Text.scalar(in: text.bytes, at: start).width
    return .string(Text(Array(text.bytes[start..<start + width]), isMarkup: text.isMarkup))
  }

  // MARK: Slices

  /// `value[start:stop:step]`
  func slice(_ value: Value, _ start: Int?, _ stop: Int?, _ step: Int?) throws -> Value {
    switch value {
    case .undefined(let undefined): throw TemplateFailure(undefined.message)
    case .string(let text):
      try spend(bytes: text.bytes.count)
      if step ?? 1 == 1 {
        let bounds = Interpreter.bounds(start, stop, count: text.count)
        let first = text.byteOffset(ofScalar: bounds.lowerBound)
        let last = text.byteOffset(ofScalar: bounds.upperBound)
        return .string(Text(Array(text.bytes[first..<last]), isMarkup: text.isMarkup))
      }
      let scalars = text.scalars
      var builder = TextBuilder()
      for index in try Interpreter.indices(start, stop, step, count: scalars.count) { builder.append(scalars[index]) }
      return .string(Text(builder.bytes, isMarkup: text.isMarkup))
    case .list(let items):
      return try list(
        try Interpreter.indices(start, stop, step, count: items.elements.count).map { items.elements[$0] })
    case .tuple(let items):
      return try tuple(
        try Interpreter.indices(start, stop, step, count: items.elements.count).map { items.elements[$0] })
    case .object(let object as NumberRange):
      let indices = try Interpreter.indices(start, stop, step, count: object.count)
      return .object(object.slice(indices))
    default: throw TemplateFailure("'\(value.typeName)' object cannot be sliced")
    }
  }

  private static func bounds(_ start: Int?, _ stop: Int?, count: Int) -> Range<Int> {
    func place(_ index: Int) -> Int { min(max(index < 0 ? max(index, -count) + count : index, 0), count) }
    let first = start.map(place) ?? 0
    return first..<max(first, stop.map(place) ?? count)
  }

  /// The indices that a slice takes from a sequence, as Python has it.
  private static func indices(_ start: Int?, _ stop: Int?, _ step: Int?, count: Int) throws -> StrideTo<Int> {
    let step = step ?? 1
    if step == 0 { throw TemplateFailure("the step of a slice cannot be 0") }
    let (lowest, highest) = step > 0 ? (0, count) : (-1, count - 1)
    func place(_ index: Int) -> Int {
      let absolute = index < 0 ? max(index, -count - 1) + count : index
      return min(max(absolute, lowest), highest)
    }
    let first = start.map(place) ?? (step > 0 ? 0 : count - 1)
    let end = stop.map(place) ?? (step > 0 ? count : -1)
    // A step beyond the sequence takes one element; kept small it cannot overflow.
    return stride(from: first, to: end, by: min(max(step, -count - 1), count + 1))
  }
}
