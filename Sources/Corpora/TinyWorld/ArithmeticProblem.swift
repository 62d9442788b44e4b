/// Two additions or subtractions of one-digit numbers, such as `3 + 5 - 2`, with the steps that a child would
/// write. No number on the way is negative.
struct ArithmeticProblem: Sendable, Hashable {
  enum Operation: Int, Sendable, CaseIterable {
    case plus, minus
    var sign: String { self == .plus ? " + " : " - " }
    func callAsFunction(_ a: Int, _ b: Int) -> Int { self == .plus ? a + b : a - b }
  }

  let first: Int
  let firstOperation: Operation
  let second: Int
  let secondOperation: Operation
  let third: Int

  var middle: Int { firstOperation(first, second) }
  var result: Int { secondOperation(middle, third) }

  /// Per cent of the problems that are kept for held-out questions.
  static let heldOutPercent = 25

  /// Whether training must never show this problem. `3 + 5 - 2` and `5 + 3 - 2` share one fate.
  func isHeldOut(seed: UInt64) -> Bool {
    let swaps = firstOperation == .plus && second > first
    let (a, b) = swaps ? (second, first) : (first, second)
    let index = ((a * 10 + b) * 10 + third) * 4 + firstOperation.rawValue * 2 + secondOperation.rawValue
    return WorldRandom.key(seed, .heldOutProblem, UInt64(index)) % 100 < UInt64(Self.heldOutPercent)
  }

  /// Every problem, in a fixed order.
  static let all: [ArithmeticProblem] = {
    var all: [ArithmeticProblem] = []
    for first in 1...9 {
      for second in 1...9 {
        for third in 1...9 {
          for one in Operation.allCases {
            for two in Operation.allCases {
              let problem = ArithmeticProblem(
                first: first, firstOperation: one, second: second, secondOperation: two, third: third)
              if problem.middle >= 0, problem.result >= 0 { all.append(problem) }
            }
          }
        }
      }
    }
    return all
  }()

  /// A problem that training may show.
  static func drawForTraining(seed: UInt64, random: inout WorldRandom) -> ArithmeticProblem {
    while true {
      let problem = random.pick(all)
      if !problem.isHeldOut(seed: seed) { return problem }
    }
  }

  func write(to text: inout TextBuffer) {
    text.add(first)
    text.add(firstOperation.sign)
    text.add(second)
    text.add(secondOperation.sign)
    text.add(third)
  }

  /// Writes the steps, ending with the result: `3 + 5 - 2` becomes `3 + 5 = 8, 8 - 2 = 6`.
  func writeSteps(to text: inout TextBuffer) {
    Self.writeStep(first, firstOperation, second, to: &text)
    text.add(", ")
    Self.writeStep(middle, secondOperation, third, to: &text)
  }

  static func writeStep(_ a: Int, _ operation: Operation, _ b: Int, to text: inout TextBuffer) {
    text.add(a)
    text.add(operation.sign)
    text.add(b)
    text.add(" = ")
    text.add(operation(a, b))
  }
}
