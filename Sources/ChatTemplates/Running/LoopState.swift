/// What `loop` is inside of a loop.
final class LoopState: RuntimeObject {
  /// What is looped over.
  struct Source {
    var iterator: ValueIterator
    /// The number of elements if the sequence knows it.
    var length: Int?
    let depth: Int

    init(_ iterator: ValueIterator, length: Int?, _ sequence: Value) {
      (self.iterator, self.length, depth) = (iterator, length, sequence.depth)
    }
  }

  private var source: Source
  private let statement: Statement.Loop
  private let scope: Scope
  private let recursion: Int
  private var index = -1
  private var previous: Value?
  private var current: Value?
  private var peeked: Value??
  private var lastChanged: [Value]?

  init(_ source: Source, of statement: Statement.Loop, _ scope: Scope, depth: Int) {
    (self.source, self.statement, self.scope, recursion) = (source, statement, scope, depth)
  }

  override var typeName: String { "LoopContext" }
  override var depth: Int { source.depth + 1 }
  override var isCallable: Bool { true }
  override var length: Int? { try? count() }

  override func representation(_ interpreter: Interpreter) throws -> Text {
    Text("<LoopContext \(index + 1)/\(try count())>")
  }

  /// The next element, which becomes the current one.
  func advance() throws -> Value? {
    let next = try peek()
    peeked = nil
    guard let next else { return nil }
    index += 1
    previous = current
    current = next
    return next
  }

  private func peek() throws -> Value? {
    if let peeked { return peeked }
    let next = try source.iterator.next()
    peeked = .some(next)
    return next
  }

  private func count() throws -> Int {
    if let length = source.length { return length }
    var rest: [Value] = []
    let ahead = peeked
    while let element = try source.iterator.next() { rest.append(element) }
    source.iterator = ValueIterator(rest)
    let isPeeked = if case .some(.some) = ahead { true } else { false }
    let length = rest.count + index + 1 + (isPeeked ? 1 : 0)
    source.length = length
    return length
  }

  override func attribute(_ name: Text, _ interpreter: Interpreter) throws -> Value? {
    switch name {
    case "index": return .integer(index + 1)
    case "index0": return .integer(index)
    case "first": return .bool(index == 0)
    case "last": return .bool(try peek() == nil)
    case "length": return .integer(try count())
    case "revindex": return .integer(try count() - index)
    case "revindex0": return .integer(try count() - index - 1)
    case "depth": return .integer(recursion + 1)
    case "depth0": return .integer(recursion)
    case "previtem": return index > 0 ? previous : .undefined(Undefined("there is no previous item"))
    case "nextitem": return try peek() ?? .undefined(Undefined("there is no next item"))
    case "cycle":
      return .object(
        Function("loop.cycle") { [self] _, arguments in
          let values = try arguments.unnamed("loop.cycle", 1...Int.max)
          return values[((index % values.count) + values.count) % values.count]
        })
    case "changed":
      return .object(
        Function("loop.changed") { [self] _, arguments in
          let values = try arguments.unnamed("loop.changed", 0...Int.max)
          defer { lastChanged = values }
          return .bool(lastChanged != values)
        })
    default: return nil
    }
  }

  override func call(_ arguments: CallArguments, _ interpreter: Interpreter) throws -> Value {
    let values = try arguments.bound("loop", to: ["iterable"], required: 1)
    guard statement.isRecursive, let sequence = values[0] else {
      throw TemplateFailure("a loop must be marked 'recursive' to be called")
    }
    return .string(try interpreter.runRecursively(statement, over: sequence, scope, depth: recursion + 1))
  }
}
