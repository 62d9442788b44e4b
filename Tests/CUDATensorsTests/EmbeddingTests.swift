import Tensors
import Testing

extension CUDATests {
  @Suite struct Embedding {
    /// More tokens than are sorted at once, with ids that come often, and one id only.
    @Test(arguments: [(1500, 400, 40, DType.bfloat16), (9, 1, 37, .float32)])
    func rows(_ tokens: Int, _ vocabulary: Int, _ columns: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let ids = both.pair((0..<tokens).map { _ in
        Int32(Int.random(in: 0..<vocabulary, using: &both.random) * Int.random(in: 0...1, using: &both.random))
      })
      let (table, output) = (both.normals([vocabulary, columns]), both.output([tokens, columns], type))
      let (gradient, tableGradient) = (both.normals([tokens, columns], type), both.normals([vocabulary, columns]))
      both.run { side in
        side.backend.embedding(ids: side(ids), table: side(table), scale: 1.7, into: side(output))
        side.backend.embeddingBackward(
          ids: side(ids), outputGradient: side(gradient), scale: 1.7, tableGradient: side(tableGradient))
      }
      both.compare(output, absolute: 0, relative: 0, steps: 0, "\(type), rows")
      both.compare(tableGradient, absolute: 2e-4, "\(type), table's gradient")
    }
  }

  @Suite struct Rotary {
    @Test(arguments: [DType.float32, .bfloat16], [false, true])
    func turns(_ type: DType, _ isInterleaved: Bool) throws {
      var both = BothBackends(try EmulatedCard.backend())
      // In runs of 16 bytes, and with a column and a width that allow none.
      for (column, dimension, pairs) in [(8, 40, 16), (3, 13, 5)] {
        let (rows, heads) = (21, RotaryHeads(column: column, count: 3, dimension: dimension, isInterleaved: isInterleaved))
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

  @Suite struct Columns {
    /// Few spans go with the launch, many are put into the card's memory.
    @Test(arguments: [(3, 8, DType.bfloat16), (30, 8, .bfloat16), (5, 1, .float32)])
    func gatherAndSum(_ count: Int, _ unit: Int, _ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let widths = [5, 11, 20].map { $0 * unit }
      let inputs = widths.map { both.normals([19, $0], type) }
      let spans = (0..<count).map { _ in
        let input = Int.random(in: 0..<3, using: &both.random)
        let length = Int.random(in: 1...5, using: &both.random) * unit
        let last = (widths[input] - length) / unit
        return ColumnSpan(input, column: Int.random(in: 0...last, using: &both.random) * unit, count: length)
      }
      let total = spans.reduce(0) { $0 + $1.count }
      let gathered = both.output([19, total], type)
      // Sums go back to the third input; columns that nobody took have none.
      let summed = both.output([19, widths[2]], type)
      both.run { side in
        side.backend.gatherColumns(of: inputs.map { side($0) }, spans, into: side(gathered))
        var column = 0
        let back = spans.map { span in
          defer { column += span.count }
          return (from: side(gathered), column: column, span: span)
        }
        side.backend.sumColumns(back.filter { $0.span.input == 2 }, into: side(summed))
      }
      both.compare(gathered, absolute: 0, relative: 0, steps: 0, "\(count) spans gathered")
      both.compare(summed, absolute: 1e-6, "\(count) spans summed")
    }
  }
}
