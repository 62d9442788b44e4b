/// A value with identity. Each kind says what it can do; what it does not say is refused.
class RuntimeObject {
  /// Python's name of the type.
  var typeName: String { "object" }

  /// How deeply values stand in this one.
  var depth: Int { 1 }

  /// Python's `repr`.
  func representation(_ interpreter: Interpreter) throws -> Text { Text("<\(typeName) object>") }

  /// The number of elements, or `nil` where Python's `len` refuses.
  var length: Int? { nil }

  /// The attribute of that name, or `nil`.
  func attribute(_ name: Text, _ interpreter: Interpreter) throws -> Value? { nil }

  /// The element at a key, or `nil`.
  func item(_ key: Value) -> Value? { nil }

  /// An iterator over the elements, or `nil` where Python's `iter` refuses.
  func iterator(_ interpreter: Interpreter) throws -> ValueIterator? { nil }

  /// Whether the object can be called.
  var isCallable: Bool { false }

  /// Whether it counts as a sequence: it has a length and elements at indices.
  var isSequence: Bool { false }

  func call(_ arguments: CallArguments, _ interpreter: Interpreter) throws -> Value {
    throw TemplateFailure("'\(typeName)' object is not callable")
  }

  func isEqual(to other: RuntimeObject) -> Bool { false }
}

/// Elements one after another.
struct ValueIterator {
  private enum Source {
    case elements([Value], Int)
    case generator(Generator)
  }

  private var source: Source

  init(_ elements: [Value]) { source = .elements(elements, 0) }

  init(_ generator: Generator) { source = .generator(generator) }

  mutating func next() throws -> Value? {
    switch source {
    case .generator(let generator): return try generator.next()
    case .elements(let elements, let index):
      guard index < elements.count else { return nil }
      source = .elements(elements, index + 1)
      return elements[index]
    }
  }
}

/// Elements computed when they are asked for, once: what `map`, `select` and the like give.
final class Generator: RuntimeObject {
  private var step: (() throws -> Value?)?
  private let nesting: Int

  /// - Parameters:
  ///   - depth: how deeply values stand in what the generator draws from.
  ///   - step: gives the next element, `nil` at the end.
  init(depth: Int, _ step: @escaping () throws -> Value?) {
    nesting = depth + 1
    self.step = step
  }

  override var typeName: String { "generator" }
  override var depth: Int { nesting }

  func next() throws -> Value? {
    guard let step else { return nil }
    let value = try step()
    if value == nil { self.step = nil }
    return value
  }

  override func iterator(_ interpreter: Interpreter) -> ValueIterator? { ValueIterator(self) }
}
