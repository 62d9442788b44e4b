/// What `cycler(...)` makes: the given values over and over.
final class Cycler: RuntimeObject {
  private let values: [Value]
  private var position = 0

  init(_ values: [Value]) { self.values = values }

  override var typeName: String { "Cycler" }
  override var depth: Int { 1 + values.reduce(0) { max($0, $1.depth) } }

  override func attribute(_ name: Text, _ interpreter: Interpreter) -> Value? {
    switch name {
    case "current": values[position]
    case "pos": .integer(position)
    case "next":
      .object(
        Function("next") { [self] _, arguments in
          _ = try arguments.unnamed("next", 0...0)
          defer { position = (position + 1) % values.count }
          return values[position]
        })
    case "reset":
      .object(
        Function("reset") { [self] _, arguments in
          _ = try arguments.unnamed("reset", 0...0)
          position = 0
          return .none
        })
    default: nil
    }
  }
}

/// What `joiner(...)` makes: nothing at the first call, then its separator.
final class Joiner: RuntimeObject {
  private let separator: Value
  private var isUsed = false

  init(_ separator: Value) { self.separator = separator }

  override var typeName: String { "Joiner" }
  override var depth: Int { 1 + separator.depth }
  override var isCallable: Bool { true }

  override func call(_ arguments: CallArguments, _ interpreter: Interpreter) throws -> Value {
    _ = try arguments.unnamed("joiner", 0...0)
    defer { isUsed = true }
    return isUsed ? separator : .string(.empty)
  }
}
