import CKernels
import Foundation
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Rotary {
    @Test func rotary() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let shapes = [
          (1, 1, 2, 2), (3, 2, 24, 24), (70, 3, 34, 34), (129, 5, 64, 64), (5, 1, 128, 128), (9, 3, 20, 6), (66, 2, 64, 48),
        ]
        for (rows, heads, dimension, turned) in shapes {
          for (dtype, isInterleaved) in [(APUS_F32, false), (APUS_BF16, false), (APUS_F32, true), (APUS_BF16, true)] {
            checkRotary(rows, heads, (dimension, turned), isInterleaved, dtype, &random)
          }
        }
      }
    }
  }
}

private func checkRotary(
  _ rows: Int, _ heads: Int, _ widths: (head: Int, turned: Int), _ isInterleaved: Bool, _ dtype: apus_dtype,
  _ random: inout TestRandom
) {
  let (dimension, turned) = widths
  let positionCount = 50
  let stride = heads * dimension + Int.random(in: 0...5, using: &random)
  let count = (rows - 1) * stride + heads * dimension
  let values = random.normals(count)
  let positions = IntegerBuffer((0..<rows).map { _ in Int32.random(in: 0..<50, using: &random) })
  let half = turned / 2
  let angles = (0..<positionCount).map { p in (0..<half).map { Double(p) * pow(10000, -Double($0) / Double(half)) } }
  let table = Buffer.input(angles.flatMap { $0.map { Float(cos($0)) } + $0.map { Float(sin($0)) } })
  let (m, h, d, t, s) = (Int64(rows), Int64(heads), Int64(dimension), Int64(turned), Int64(stride))
  for inverse in [false, true] {
    let expected = Buffer.inOut(values, dtype)
    apus_rotary_reference(m, h, d, t, s, expected.raw, positions.pointer, table.floats, isInterleaved, inverse, dtype)
    inEachVariant { variant in
      let label =
        "seed \(random.seed) \(variant) rotary [\(rows), \(heads), \(widths)] \(dtype) \(inverse) \(isInterleaved)"
      let actual = Buffer.inOut(values, dtype)
      apus_rotary(m, h, d, t, s, actual.raw, positions.pointer, table.floats, isInterleaved, inverse, dtype)
      compare(actual, expected, Tolerance(absolute: 1e-6), label)
      let before = Buffer.inOut(values, dtype)
      for i in 0..<count where i % stride >= heads * dimension || i % stride % dimension >= turned {
        #expect(actual[i] == before[i], "\(label): column \(i % stride) is not a head's")
      }
      apus_rotary(m, h, d, t, s, actual.raw, positions.pointer, table.floats, isInterleaved, !inverse, dtype)
      // Two roundings of numbers up to the length of the pair.
      compare(actual, before.doubles, Tolerance(absolute: dtype == APUS_F32 ? 2e-6 : 0.05), "\(label) and back")
    }
  }
}
