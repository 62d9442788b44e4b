/// Puts results that come in any order back in theirs: each is given out when all before it are there.
struct InOrder<Value> {
  private var waiting: [Int: Value] = [:]
  private var next = 0

  /// Takes the value at `index`, from 0; returns those that can be told now.
  mutating func add(_ value: Value, at index: Int) -> [(index: Int, value: Value)] {
    waiting[index] = value
    var ready: [(index: Int, value: Value)] = []
    while let value = waiting.removeValue(forKey: next) {
      ready.append((next, value))
      next += 1
    }
    return ready
  }
}
