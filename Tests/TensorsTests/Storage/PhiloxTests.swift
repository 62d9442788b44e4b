import Foundation
import Randomness
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct PhiloxNumbers {
    /// The known answers of Random123 (Salmon et al., SC 2011) for the generator written out below.
    @Test func publishedVectors() {
      let ones = UInt32.max
      #expect(philox(SIMD4(0, 0, 0, 0), (0, 0)) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
      #expect(
        philox(SIMD4(ones, ones, ones, ones), (ones, ones))
          == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
      #expect(
        philox(SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
          == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    /// The engine's blocks are the published ones, words in the published order, with the position in the counter's
    /// first two words.
    @Test func blocksArePublishedOnes() {
      var random = TestRandom()
      #expect(stream(key: 0).block(0) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
      let keys = [0, UInt64.max, 0x299f_31d0_a409_3822] + (0..<50).map { _ in random.next() }
      for key in keys {
        let generator = stream(key: key)
        let words = (UInt32(truncatingIfNeeded: key), UInt32(key >> 32))
        for index in [0, 1, 0xffff_ffff, 0x1_0000_0000, UInt64.max, random.next()] {
          let counter = SIMD4<UInt32>(UInt32(truncatingIfNeeded: index), UInt32(index >> 32), 0, 0)
          #expect(generator.block(index) == philox(counter, words), "key \(key) position \(index)")
        }
      }
    }

    @Test func streamsDifferBySeedAndPurpose() {
      let blocks = [
        Philox(seed: 0, purpose: "a"), Philox(seed: 1, purpose: "a"), Philox(seed: 0, purpose: "b"),
        Philox(seed: 0, purpose: ""), Philox(seed: 0, purpose: "ab"), Philox(seed: 0, purpose: "ba"),
      ].map { $0.block(0) }
      #expect(Set(blocks).count == blocks.count)
      #expect(Philox(seed: 7, purpose: "x").block(3) == Philox(seed: 7, purpose: "x").block(3))
    }

    @Test func uniforms() {
      let generator = Philox(seed: 11, purpose: "uniform")
      let count = 200_000
      let values = (0..<UInt64(count)).map { Double(generator.uniform($0)) }
      #expect(values.allSatisfy { (0..<1).contains($0) })
      #expect((values.reduce(0, +) / Double(count) - 0.5).magnitude < 4 / (12 * Double(count)).squareRoot())
      var bins = [Int](repeating: 0, count: 64)
      for value in values { bins[Int(value * 64)] += 1 }
      let expected = Double(count) / 64
      let chiSquare = bins.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      // 63 degrees of freedom: mean 63, standard deviation 11.2.
      #expect((63 - 45...63 + 45).contains(chiSquare))
      #expect(values[5] == Double(generator.block(1)[1] >> 8) * 0x1p-24)
    }

    @Test func normals() {
      let count = 400_000
      let first = fill(count, Philox(seed: 3, purpose: "normal"), mean: 0, standardDeviation: 1)
      let second = fill(count, Philox(seed: 3, purpose: "normal too"), mean: 0, standardDeviation: 1)
      let n = Double(count)
      func moment(_ power: Double) -> Double { first.reduce(0) { $0 + pow($1, power) } / n }
      // Within five standard errors of a normal distribution's.
      #expect(moment(1).magnitude < 5 / n.squareRoot())
      #expect((moment(2) - 1).magnitude < 5 * (2 / n).squareRoot())
      #expect(moment(3).magnitude < 5 * (15 / n).squareRoot())
      #expect((moment(4) - 3).magnitude < 5 * (96 / n).squareRoot())
      for lag in 1...4 {
        let correlation = zip(first, first.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / n
        #expect(correlation.magnitude < 5 / n.squareRoot(), "lag \(lag)")
      }
      #expect((zip(first, second).reduce(0) { $0 + $1.0 * $1.1 } / n).magnitude < 5 / n.squareRoot())
      let beyondTwo = Double(first.count { $0.magnitude > 2 }) / n
      #expect((beyondTwo - 0.0455003).magnitude < 5 * (0.0455 / n).squareRoot())
      #expect(first.allSatisfy { $0.magnitude < 5.8 }, "24 bits reach as far as 5.77")

      let scaled = fill(1000, Philox(seed: 3, purpose: "normal"), mean: 2, standardDeviation: 0.25)
      #expect(zip(scaled, first).allSatisfy { ($0 - (2 + 0.25 * $1)).magnitude < 1e-6 })
    }

    /// A number depends on its position only: any part of a fill is the same drawn by itself.
    @Test func positions() {
      var random = TestRandom()
      let generator = Philox(seed: random.seed, purpose: "position")
      let whole = fill(1001, generator, position: 17)
      for _ in 0..<200 {
        let start = Int.random(in: 0..<1001, using: &random)
        let length = Int.random(in: 0...(1001 - start), using: &random)
        let part = fill(length, generator, position: 17 + UInt64(start))
        #expect(part == Array(whole[start..<start + length]), "seed \(random.seed): \(length) from \(start)")
      }
      // Across the border of the counter's first word.
      let far = (UInt64(1) << 34) - 3
      #expect(fill(8, generator, position: far)[5...] == fill(3, generator, position: far + 5)[...])
    }

    /// Moments of a normal distribution that ends at c standard deviations: variance 1 − 2 c φ(c) / (2 Φ(c) − 1).
    @Test(arguments: [(0.7, 0.1529), (2, 0.7737), (3, 0.9733)]) func cutNormalNumbers(cutoff: Double, variance: Double) {
      let generator = Philox(seed: 3, purpose: "cut")
      let whole = fill(200_001, generator, standardDeviation: 2)
      let cut = fill(200_001, generator, standardDeviation: 2, cutoff: Float(cutoff))
      #expect(cut.allSatisfy { abs($0) <= 2 * cutoff * (1 + 1e-6) } && cut.contains { abs($0) > 1.9 * cutoff })
      #expect(abs(cut.reduce(0, +) / 200_001) < 0.02)
      #expect(abs(cut.reduce(0) { $0 + $1 * $1 } / 200_001 / 4 / variance - 1) < 0.02)
      // What lies within stays; what does not is a function of its place alone.
      #expect(zip(whole, cut).allSatisfy { abs($0) > 2 * cutoff || $0 == $1 })
      #expect(fill(1001, generator, position: 777, standardDeviation: 2, cutoff: Float(cutoff)) == Array(cut[777..<1778]))
    }
  }
}

/// Philox 4x32 with 10 rounds as the paper writes it, with 128-bit counters.
private func philox(_ counter: SIMD4<UInt32>, _ key: (UInt32, UInt32)) -> SIMD4<UInt32> {
  var (c, k) = ([counter[0], counter[1], counter[2], counter[3]], key)
  for round in 0..<10 {
    if round > 0 { k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85) }
    let a = c[0].multipliedFullWidth(by: 0xd251_1f53)
    let b = c[2].multipliedFullWidth(by: 0xcd9e_8d57)
    c = [b.high ^ c[1] ^ k.0, b.low, a.high ^ c[3] ^ k.1, a.low]
  }
  return SIMD4(c[0], c[1], c[2], c[3])
}

/// The stream with a given key: the seed that the mixing of seed and purpose turns into it.
private func stream(key: UInt64) -> Philox {
  let purposeHash = SplitMix64.mix(0xcbf2_9ce4_8422_2325)
  return Philox(seed: unmix(key) ^ purposeHash, purpose: "")
}

/// Undoes `SplitMix64.mix`.
private func unmix(_ value: UInt64) -> UInt64 {
  func unshift(_ x: UInt64, _ by: UInt64) -> UInt64 {
    var result = x
    for _ in 0..<(64 / by + 1) { result = x ^ (result >> by) }
    return result
  }
  func inverse(_ odd: UInt64) -> UInt64 {
    var x = odd
    for _ in 0..<6 { x = x &* (2 &- odd &* x) }
    return x
  }
  var z = unshift(value, 31) &* inverse(0x94d0_49bb_1331_11eb)
  z = unshift(z, 27) &* inverse(0xbf58_476d_1ce4_e5b9)
  return unshift(z, 30) &- 0x9e37_79b9_7f4a_7c15
}

private func fill(
  _ count: Int, _ generator: Philox, position: UInt64 = 0, mean: Float = 0, standardDeviation: Float = 1,
  cutoff: Float = .infinity
) -> [Double] {
  var values = [Float](repeating: .nan, count: count)
  values.withUnsafeMutableBufferPointer {
    generator.fillNormal(
      $0, position: position, mean: mean, standardDeviation: standardDeviation, cutoff: cutoff)
  }
  return values.map { Double($0) }
}
