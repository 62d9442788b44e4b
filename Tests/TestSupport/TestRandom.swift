import Foundation

/// Random inputs, other ones in each run. The seed stands in every failure; `APUS_TEST_SEED` repeats a run.
public struct TestRandom: RandomNumberGenerator {
  public let seed: UInt64
  private var generator: SeededGenerator

  public init() {
    let given = ProcessInfo.processInfo.environment["APUS_TEST_SEED"].flatMap { UInt64($0) }
    self.init(seed: given ?? UInt64.random(in: 0..<1_000_000_000))
  }

  public init(seed: UInt64) {
    self.seed = seed
    generator = SeededGenerator(state: seed)
  }

  public mutating func next() -> UInt64 { generator.next() }

  /// A number of the standard normal distribution (Box-Muller).
  public mutating func normal() -> Float {
    let radius = (-2 * log(Double.random(in: 0x1p-53...1, using: &self))).squareRoot()
    return Float(radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self)))
  }

  public mutating func normals(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in normal() * scale } }
}
