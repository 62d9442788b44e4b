import Corpora
import Randomness
import TestSupport
import Testing

@Suite struct PermutationTests {
  @Test func everySizeIsABijection() {
    for count in Array(1...300) + [1000, 4095, 4096, 4097, 10_007, 65_536, 100_003] {
      let permutation = KeyedPermutation(count: UInt64(count), key: UInt64(count) &* 77)
      var seen = [Bool](repeating: false, count: count)
      for position in 0..<count { seen[Int(permutation[UInt64(position)])] = true }
      #expect(seen.allSatisfy { $0 }, "size \(count)")
    }
  }

  @Test func hugeSizesStayInside() {
    var random = SeededGenerator(state: 4)
    for count in [1 << 40, (1 << 40) + 12_345, 999_999_999_989, 1 << 62] as [UInt64] {
      let permutation = KeyedPermutation(count: count, key: 9)
      var results: Set<UInt64> = []
      var positions: Set<UInt64> = [0, count - 1]
      for _ in 0..<2000 { positions.insert(UInt64.random(in: 0..<count, using: &random)) }
      for position in positions { results.insert(permutation[position]) }
      #expect(results.count == positions.count)
      #expect(results.allSatisfy { $0 < count })
    }
  }

  /// Over many keys, each position must go to each place equally often: chi-square with 9 degrees of freedom a row.
  @Test func keysSpreadEvenly() {
    let count = 10
    let keys = 20_000
    var table = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for key in 0..<keys {
      let permutation = KeyedPermutation(count: UInt64(count), key: SeedMixing.derive(1, UInt64(key)))
      for position in 0..<count { table[position][Int(permutation[UInt64(position)])] += 1 }
    }
    let expected = Double(keys) / Double(count)
    for row in table {
      let chiSquare = row.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(chiSquare < 35)
    }
  }

  /// Neighbours must part, and few positions stay: a random permutation keeps one position on average.
  @Test func orderLooksRandom() {
    let permutation = KeyedPermutation(count: 50_000, key: 3)
    let places = (0..<50_000).map { Double(permutation[$0]) }
    #expect((0..<50_000).filter { places[$0] == Double($0) }.count < 12)
    let steps = zip(places, places.dropFirst()).map { abs($0 - $1) }
    let mean = steps.reduce(0, +) / Double(steps.count)
    #expect(abs(mean - 50_000 / 3) < 300)
    let ascending = zip(places, places.dropFirst()).filter { $0 < $1 }.count
    #expect(abs(ascending - 25_000) < 500)
  }

  @Test func derivedSeedsAreFixedAndDistinct() {
    // The first output of SplitMix64 seeded with 0, as published with the generator.
    #expect(SplitMix64.finalize(0x9E37_79B9_7F4A_7C15) == 0xE220_A839_7B1D_CDAF)
    var keys: Set<UInt64> = []
    for seed in 0..<20 {
      for stage in 0..<20 {
        for epoch in 0..<20 { keys.insert(SeedMixing.derive(UInt64(seed), UInt64(stage), UInt64(epoch))) }
      }
    }
    #expect(keys.count == 8000)
    #expect(SeedMixing.derive(1, 2, 3) != SeedMixing.derive(1, 3, 2))
    #expect(SeedMixing.derive(1, 0) != SeedMixing.derive(1))
  }
}
