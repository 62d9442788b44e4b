/// A program of a small language, a subset of Python, that can write and run itself.
indirect enum WorldExpression {
  case number(Int)
  case text(String)
  case variable(String)
  case sum(WorldExpression, WorldExpression)
  case difference(WorldExpression, WorldExpression)
  case product(WorldExpression, WorldExpression)

  func write(to text: inout TextBuffer) {
    switch self {
    case .number(let value): text.add(value)
    case .text(let value):
      text.add("\"")
      text.add(value)
      text.add("\"")
    case .variable(let name): text.add(name)
    case .sum(let left, let right): Self.write(left, " + ", right, to: &text)
    case .difference(let left, let right): Self.write(left, " - ", right, to: &text)
    case .product(let left, let right): Self.write(left, " * ", right, to: &text)
    }
  }

  private static func write(
    _ left: WorldExpression, _ sign: String, _ right: WorldExpression, to text: inout TextBuffer
  ) {
    left.write(to: &text)
    text.add(sign)
    right.write(to: &text)
  }
}

enum WorldStatement {
  case assign(String, WorldExpression)
  case print(WorldExpression)
  case loop(count: Int, [WorldStatement])
  case ifGreater(WorldExpression, WorldExpression, then: [WorldStatement], otherwise: [WorldStatement])

  func write(indent: String, to text: inout TextBuffer) {
    text.add(indent)
    let deeper = indent + "  "
    switch self {
    case .assign(let name, let value):
      text.add(name)
      text.add(" = ")
      value.write(to: &text)
      text.newline()
    case .print(let value):
      text.add("print(")
      value.write(to: &text)
      text.add(")\n")
    case .loop(let count, let body):
      text.add("for i in range(")
      text.add(count)
      text.add("):\n")
      for statement in body { statement.write(indent: deeper, to: &text) }
    case .ifGreater(let left, let right, let then, let otherwise):
      text.add("if ")
      left.write(to: &text)
      text.add(" > ")
      right.write(to: &text)
      text.add(":\n")
      for statement in then { statement.write(indent: deeper, to: &text) }
      text.add(indent)
      text.add("else:\n")
      for statement in otherwise { statement.write(indent: deeper, to: &text) }
    }
  }
}
