import Randomness

/// Random numbers that are a pure function of their keys (SplitMix64, Steele, Lea and Flood 2014).
///
/// Two streams with different indices under the same seed and purpose start from different states.
struct WorldRandom {
  /// What a stream is for; streams of different purposes are unrelated.
  enum Purpose: UInt64 {
    case world = 1
    case document, question, heldOutPhrasing, heldOutProblem, heldOutEnding, trainingQuestion, chat
  }

  private var state: UInt64

  init(seed: UInt64, purpose: Purpose, index: UInt64 = 0) {
    state = Self.key(seed, purpose, index)
  }

  /// 64 bits that depend on every key.
  static func key(_ seed: UInt64, _ purpose: Purpose, _ index: UInt64) -> UInt64 {
    SplitMix64.mix(
      SplitMix64.mix(seed &+ purpose.rawValue &* 0xD1B5_4A32_D192_ED03) ^ (index &* SplitMix64.golden))
  }

  mutating func next() -> UInt64 {
    let value = SplitMix64.mix(state)
    state &+= SplitMix64.golden
    return value
  }

  /// A whole number from 0 up to, not including, `bound`, which is positive.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

  /// `count` different numbers from 0 up to `bound`, in random order.
  mutating func sample(_ count: Int, below bound: Int) -> [Int] {
    var chosen: [Int] = []
    chosen.reserveCapacity(count)
    while chosen.count < min(count, bound) {
      let candidate = below(bound)
      if !chosen.contains(candidate) { chosen.append(candidate) }
    }
    return chosen
  }

  mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for index in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(index, below(index + 1))
    }
  }
}
