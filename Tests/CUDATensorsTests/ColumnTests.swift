import Tensors
import Testing
import TestSupport

extension CUDATests {
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
