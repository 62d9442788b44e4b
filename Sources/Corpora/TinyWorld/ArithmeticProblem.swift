/// An addition or subtraction of whole numbers from 0 to 99, with the steps that a child would write.
struct ArithmeticProblem: Sendable, Hashable {
  enum Operation: UInt64, Sendable {
    case plus = 1
    case minus = 2
    var sign: String { self == .plus ? " + " : " - " }
  }

  let left: Int
  let operation: Operation
  let right: Int

  var result: Int { operation == .plus ? left + right : left - right }

  /// Per cent of the problems that are kept for held-out questions.
  static let heldOutPercent = 15

  /// Whether the problem can be held out at all. Problems with a round number or with small ones occur as
  /// steps of others, so they always belong to training.
  var canBeHeldOut: Bool {
    max(left, right) >= 21 && min(left, right) >= 1 && left % 10 != 0 && right % 10 != 0
  }

  /// Whether training must never show this problem. Both orders of an addition share one fate.
  func isHeldOut(seed: UInt64) -> Bool {
    guard canBeHeldOut else { return false }
    let (a, b) = operation == .plus ? (max(left, right), min(left, right)) : (left, right)
    let index = UInt64(a) << 16 | UInt64(b) << 8 | operation.rawValue
    return WorldRandom.key(seed, .heldOutProblem, index) % 100 < UInt64(Self.heldOutPercent)
  }

  /// A two-digit number plus or minus a one-digit number, of either fate.
  static func draw(random: inout WorldRandom) -> ArithmeticProblem {
    if random.chance(50) {
      let right = random.within(1...9)
      return ArithmeticProblem(left: random.within(11...(99 - right)), operation: .plus, right: right)
    }
    return ArithmeticProblem(left: random.within(11...99), operation: .minus, right: random.within(1...9))
  }

  /// A problem that training may show.
  static func drawForTraining(seed: UInt64, random: inout WorldRandom) -> ArithmeticProblem {
    while true {
      let problem = draw(random: &random)
      if !problem.isHeldOut(seed: seed) { return problem }
    }
  }

  func write(to text: inout TextBuffer) {
    text.add(left)
    text.add(operation.sign)
    text.add(right)
  }

  /// Writes the steps, ending with the result: `37 + 5` becomes `7 + 5 = 12, 30 + 12 = 42`.
  func writeSteps(to text: inout TextBuffer) {
    func step(_ a: Int, _ sign: String, _ b: Int, _ result: Int) {
      text.add(a)
      text.add(sign)
      text.add(b)
      text.add(" = ")
      text.add(result)
    }
    let ones = left % 10
    switch operation {
    case .plus:
      step(ones, " + ", right, ones + right)
      text.add(", ")
      step(left - ones, " + ", ones + right, result)
    case .minus:
      // Borrowing takes ten from the tens to the ones.
      let top = ones >= right ? ones : ones + 10
      step(top, " - ", right, top - right)
      text.add(", ")
      step(left - top, " + ", top - right, result)
    }
  }
}
