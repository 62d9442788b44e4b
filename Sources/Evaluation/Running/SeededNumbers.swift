import Tensors

/// Random numbers that follow from a seed and a purpose.
struct SeededNumbers {
  private let random: Philox
  private var position: UInt64 = 0

  init(seed: UInt64, purpose: String) { random = Philox(seed: seed, purpose: purpose) }

  /// A number below `bound`, each equally likely but for 2^-64.
  mutating func below(_ bound: Int) -> Int {
    let words = random.block(position)
    position += 1
    return Int((UInt64(words.x) << 32 | UInt64(words.y)).multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// `count` different numbers below `total`: Floyd's algorithm, then a shuffle.
  mutating func draw(_ count: Int, of total: Int) -> [Int] {
    var chosen: Set<Int> = []
    var order: [Int] = []
    for top in (total - count)..<total {
      let candidate = below(top + 1)
      let number = chosen.contains(candidate) ? top : candidate
      chosen.insert(number)
      order.append(number)
    }
    for i in order.indices.dropFirst().reversed() { order.swapAt(i, below(i + 1)) }
    return order
  }
}
