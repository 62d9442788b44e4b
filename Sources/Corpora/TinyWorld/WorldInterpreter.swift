/// Runs a program of the small language.
struct WorldInterpreter {
  enum Value: Equatable {
    case number(Int)
    case text(String)

    var shown: String {
      switch self {
      case .number(let number): String(number)
      case .text(let text): text
      }
    }
  }

  private(set) var variables: [String: Value] = [:]
  private(set) var output: [String] = []

  mutating func run(_ statements: [WorldStatement]) {
    for statement in statements {
      switch statement {
      case .assign(let name, let expression): variables[name] = evaluate(expression)
      case .print(let expression): output.append(evaluate(expression).shown)
      case .loop(let count, let body):
        for index in 0..<count {
          variables["i"] = .number(index)
          run(body)
        }
      case .ifGreater(let left, let right, let then, let otherwise):
        run(number(left) > number(right) ? then : otherwise)
      }
    }
  }

  private mutating func number(_ expression: WorldExpression) -> Int {
    if case .number(let value) = evaluate(expression) { value } else { 0 }
  }

  private mutating func evaluate(_ expression: WorldExpression) -> Value {
    switch expression {
    case .number(let value): return .number(value)
    case .text(let value): return .text(value)
    case .variable(let name): return variables[name] ?? .number(0)
    case .sum(let left, let right):
      switch (evaluate(left), evaluate(right)) {
      case (.number(let a), .number(let b)):
        return .number(a + b)
      case (let a, let b): return .text(a.shown + b.shown)
      }
    case .difference(let left, let right):
      let (a, b) = (number(left), number(right))
      return .number(a - b)
    case .product(let left, let right):
      let count = number(right)
      switch evaluate(left) {
      case .number(let a): return .number(a * count)
      case .text(let text): return .text(String(repeating: text, count: max(0, count)))
      }
    }
  }
}
