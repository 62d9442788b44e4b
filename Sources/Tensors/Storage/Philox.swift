import Foundation
import Randomness

/// Counter-based random numbers: Philox 4x32 with 10 rounds (Salmon et al., SC 2011).
///
/// A number is a pure function of key and position, never of call order, so that any part of a matrix can be drawn
/// by whoever holds it.
public struct Philox: Sendable {
  private let key: (UInt32, UInt32)

  /// A stream of its own for each `(seed, purpose)`; `purpose` is a name such as a parameter's.
  public init(seed: UInt64, purpose: String) {
    // FNV-1a over the name, then mixed with the seed.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let mixed = SplitMix64.mix(seed ^ SplitMix64.mix(hash))
    key = (UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
  }

  /// Four random words at position `index`; others with every `attempt`.
  public func block(_ index: UInt64, attempt: UInt32 = 0) -> SIMD4<UInt32> {
    var c = SIMD4<UInt32>(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), attempt, 0)
    var k = key
    for _ in 0..<10 {
      let first = UInt64(c.x) &* 0xd251_1f53
      let second = UInt64(c.z) &* 0xcd9e_8d57
      c = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ c.y ^ k.0, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ c.w ^ k.1, UInt32(truncatingIfNeeded: first))
      k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
    }
    return c
  }

  /// A number of [0, 1) at position `index`, with 24 random bits.
  public func uniform(_ index: UInt64) -> Float {
    let word = block(index / 4)[Int(index % 4)]
    return Float(word >> 8) * 0x1p-24
  }

  /// Fills `values` with normal numbers of the stream from `position` on.
  /// - Parameter cutoff: those further from the mean than so many standard deviations, which must be well above 0, are
  ///   drawn again, each for itself.
  public func fillNormal(
    _ values: UnsafeMutableBufferPointer<Float>, position: UInt64 = 0, mean: Float = 0, standardDeviation: Float,
    cutoff: Float = .infinity
  ) {
    var words = SIMD4<UInt32>()
    var current = UInt64.max
    for i in 0..<values.count {
      let at = position + UInt64(i)
      if at / 4 != current {
        current = at / 4
        words = block(current)
      }
      var normal = Self.normal(words, at)
      var attempt: UInt32 = 0
      while abs(normal) > cutoff {
        attempt += 1
        normal = Self.normal(block(current, attempt: attempt), at)
      }
      values[i] = mean + standardDeviation * normal
    }
  }

  /// The standard normal number of position `at` from the four words around it (Box-Muller on pairs).
  private static func normal(_ words: SIMD4<UInt32>, _ at: UInt64) -> Float {
    let pair = Int(at % 4) / 2 * 2
    let radius = sqrtf(-2 * logf((Float(words[pair] >> 8) + 1) * 0x1p-24))
    let angle = 2 * Float.pi * Float(words[pair + 1] >> 8) * 0x1p-24
    return radius * (at % 2 == 0 ? cosf(angle) : sinf(angle))
  }
}
