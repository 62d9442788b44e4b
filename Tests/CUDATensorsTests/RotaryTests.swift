import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Rotary {
    @Test(arguments: [DType.float32, .bfloat16], [false, true])
    func turns(_ type: DType, _ isInterleaved: Bool) throws {
      var both = BothBackends(try EmulatedCard.backend())
      // In runs of 16 bytes, and with a column and a width that allow none.
      for (column, dimension, pairs) in [(8, 40, 16), (3, 13, 5)] {
        let rows = 21
        let heads = RotaryHeads(column: column, count: 3, dimension: dimension, isInterleaved: isInterleaved)
        let x = both.normals([rows, column + 3 * dimension + 8], type)
        let table = both.normals([30, 2, pairs])
        let positions = both.pair((0..<rows).map { _ in Int32.random(in: 0..<30, using: &both.random) })
        for inverse in [false, true] {
          both.run { side in
            side.backend.rotary(
              side(x), heads: heads, positions: side(positions), table: side(table), inverse: inverse)
          }
        }
        both.compare(x, steps: 2, "\(type) \(heads)")
      }
    }
  }
}
