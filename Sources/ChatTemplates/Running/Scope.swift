/// Variables of one place in a template: its root, a run of a loop, a call of a macro, a block.
final class Scope {
  private var numbers: [Int] = []
  private var values: [Value] = []
  let parent: Scope?
  /// Whether a macro holds on to this scope, which may make a cycle.
  var isCaptured = false

  init(parent: Scope?) { self.parent = parent }

  /// The variable of that number here or in the nearest scope around.
  func value(_ number: Int) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      for index in current.numbers.indices where current.numbers[index] == number { return current.values[index] }
      scope = current.parent
    }
    return nil
  }

  func set(_ number: Int, _ value: Value) {
    for index in numbers.indices where numbers[index] == number {
      values[index] = value
      return
    }
    numbers.append(number)
    values.append(value)
  }

  func clear() {
    numbers.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
  }
}
