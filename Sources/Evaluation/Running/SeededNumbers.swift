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
}
