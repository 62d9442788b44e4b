import CKernels
import Foundation
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Elementwise {
    @Test func add() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [1, 15, 33, 16384 * 2 + 7] {
          for dtype in [APUS_F32, APUS_BF16] {
            let values = random.normals(count)
            let a = Buffer.input(values, dtype)
            let b = Buffer.input(random.normals(count), dtype)
            let expected = zip(a.doubles, b.doubles).map { rounded(Double(Float($0) + Float($1)), dtype) }
            inEachVariant { variant in
              let label = "seed \(random.seed) \(variant) add [\(count)] \(dtype)"
              let sum = Buffer.output(count, dtype)
              apus_add(Int64(count), a.raw, b.raw, sum.raw, dtype)
              #expect(sum.doubles == expected && sum.firstOverwritten == nil, "\(label)")
              let inPlace = Buffer.inOut(values, dtype)
              apus_add(Int64(count), inPlace.raw, b.raw, inPlace.raw, dtype)
              #expect(inPlace.bytes == sum.bytes && inPlace.firstOverwritten == nil, "\(label) in place")
            }
          }
        }
      }
    }

    @Test func exponential() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [1, 15, 33, 4096 * 2 + 7] {
          let x = Buffer.input(random.normals(count).map { max(-abs($0) * 20, -86) }, APUS_F32)
          for (compute, tolerance) in [(APUS_F32, 3e-7), (APUS_BF16, 8e-6)] {
            inEachVariant { variant in
              let out = Buffer.output(count, APUS_F32)
              apus_exponential(Int64(count), x.floats, out.floats, compute)
              let worst = zip(x.doubles, out.doubles).map { abs($1 - exp($0)) / max(exp($0), 1e-37) }.max() ?? 0
              #expect(
                worst < tolerance && out.firstOverwritten == nil,
                "seed \(random.seed) \(variant) exponential [\(count)] \(compute): \(worst)")
            }
          }
        }
      }
    }

    /// Every bf16 number there and back, bit by bit.
    @Test func everyBFloat16() async {
      await #expect(processExitsWith: .success) {
        let halves = Buffer.inOut((0..<65536).map { BFloat16.float(UInt16($0)) }, APUS_BF16)
        inEachVariant { variant in
          let floats = Buffer.output(65536)
          apus_convert(65536, halves.raw, APUS_BF16, floats.raw, APUS_F32)
          let back = Buffer.output(65536, APUS_BF16)
          apus_convert(65536, floats.raw, APUS_F32, back.raw, APUS_BF16)
          for bits in 0..<UInt32(65536) {
            let isNaN = bits & 0x7fff > 0x7f80
            let (wide, narrow) = (floats.floats[Int(bits)].bitPattern, back.halves[Int(bits)])
            // A signalling NaN may become a quiet one.
            let same = wide == bits << 16 && narrow == bits
            let quiet = isNaN && wide | 0x40_0000 == bits << 16 | 0x40_0000 && narrow == bits | 0x40
            if !same && !quiet { Issue.record("\(variant): \(bits) became \(wide) and \(narrow)") }
          }
        }
      }
    }

    @Test func rounding() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        // Ties to even, the step above and below a tie, denormals, the largest float, infinities, NaNs.
        var patterns: [UInt32] = [
          0x3f80_8000, 0x3f81_8000, 0x3f80_8001, 0x3f80_7fff, 0xbf80_8000, 0xbf81_8000, 0x0000_8000, 0x0001_8000,
          0x0000_0001, 0x8000_0001, 0x007f_ffff, 0x0000_8001, 0x7f7f_ffff, 0xff7f_ffff, 0x7f7f_7fff, 0x7f80_0000,
          0xff80_0000, 0x7f80_0001, 0x7fc0_0000, 0xffff_ffff, 0, 0x8000_0000,
        ]
        let expected: [UInt16?] = [
          0x3f80, 0x3f82, 0x3f81, 0x3f80, 0xbf80, 0xbf82, 0x0000, 0x0002, 0x0000, 0x8000, 0x0080, 0x0001, 0x7f80,
          0xff80, 0x7f7f, 0x7f80, 0xff80, nil, nil, nil, 0, 0x8000,
        ]
        let named = patterns.count
        patterns += (0..<4099).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) }
        let x = Buffer.input(patterns.map { Float(bitPattern: $0) })
        inEachVariant { variant in
          let label = "seed \(random.seed) \(variant)"
          let out = Buffer.output(patterns.count, APUS_BF16)
          apus_convert(Int64(patterns.count), x.raw, APUS_F32, out.raw, APUS_BF16)
          #expect(out.firstOverwritten == nil, "\(label)")
          for (i, pattern) in patterns.enumerated() {
            let nearest = i < named ? expected[i] : nearestBFloat16(pattern)
            let right = nearest.map { out.halves[i] == $0 } ?? out[i].isNaN
            #expect(right, "\(label): \(String(pattern, radix: 16)) became \(String(out.halves[i], radix: 16))")
          }
          let copy = Buffer.output(patterns.count)
          apus_convert(Int64(patterns.count), x.raw, APUS_F32, copy.raw, APUS_F32)
          #expect(copy.bytes == x.bytes && copy.firstOverwritten == nil, "\(label) to the same type")
        }
      }
    }
  }
}

/// The nearer of the two neighbours, the even one in a tie; nil for a NaN. Distances are exact in double.
private func nearestBFloat16(_ pattern: UInt32) -> UInt16? {
  let value = Float(bitPattern: pattern)
  if value.isNaN { return nil }
  let below = UInt16(pattern >> 16)
  if value.isInfinite { return below }
  // The neighbour away from zero; beyond the largest number it counts as the next power of two.
  let above = below + 1
  let (low, magnitude) = (Double(BFloat16.float(below)).magnitude, Double(value).magnitude)
  let high = above & 0x7fff == 0x7f80 ? 0x1p128 : Double(BFloat16.float(above)).magnitude
  let (down, up) = (magnitude - low, high - magnitude)
  return down < up || (down == up && below & 1 == 0) ? below : above
}
