import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Weights in blocks of eight bits.
  @Suite struct EightBits {
    /// Against products with the rounded weights in double: the processor rounds inputs too, the card does not.
    @Test(arguments: [DType.float32, .bfloat16])
    func multiply(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (inputs, outputs) = (96, 300)
      var values = both.random.normals(outputs * inputs, scale: 0.3)
      // A block of zeros has no scale.
      for i in 0..<32 { values[inputs + i] = 0 }
      let weights = both.pair(values, [outputs, inputs])
      let rounded = weights.processor
      let backend = both.card.backend
      let packed = both.card.arena.allocate(byteCount: backend.q8ByteCount(inputs: inputs, outputs: outputs))
      for rows in [0..<256, 256..<outputs] {
        backend.packQ8(
          weights.card[rows: rows], into: packed,
          at: backend.q8ByteCount(inputs: inputs, outputs: rows.lowerBound))
      }
      both.processor.backend.roundToQ8(rounded)
      for rows in [1, 2, 5, 8, 9, 21] {
        let x = both.normals([rows, inputs], type)
        let output = both.output([rows, outputs], rows == 2 ? .float32 : type)
        backend.multiplyQ8(x.card, packed: packed, into: output.card)
        let (given, matrix) = (x.processor.toFloats(), rounded.toFloats())
        let expected = (0..<rows * outputs).map { i in
          let (row, column) = (i / outputs * inputs, i % outputs * inputs)
          return Float((0..<inputs).reduce(0.0) { $0 + Double(given[row + $1]) * Double(matrix[column + $1]) })
        }
        // More rows than few multiply weights in bfloat16.
        let absolute: Float = rows > 8 && type == .bfloat16 ? 0.05 : 2e-5
        both.compare(output.card, with: expected, absolute: absolute, "\(type) \(rows) rows")
      }
    }
  }
}
