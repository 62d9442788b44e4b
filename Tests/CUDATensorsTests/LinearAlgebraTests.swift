import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// What SOAP needs of matrices.
  @Suite struct LinearAlgebra {
    @Test func orthonormalizes() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let size = 70
      let matrix = both.normals([size, size], scale: 3)
      both.run { side in side.backend.orthonormalize(side(matrix)) }
      both.compare(matrix, absolute: 1e-4, relative: 1e-4, "independent rows")

      // Rows that depend on others: an axis, nothing at all, a multiple of the first.
      var values = both.random.normals(size * size)
      for i in 0..<size {
        values[20 * size + i] = i == 0 ? 1 : 0
        values[33 * size + i] = 0
        values[(size - 1) * size + i] = 2 * values[i]
      }
      let dependent = both.pair(values, [size, size]).card
      both.card.backend.orthonormalize(dependent)
      let rows = dependent.toFloats()
      for (a, b) in (0..<size).flatMap({ a in (0...a).map { (a, $0) } }) {
        let dot = (0..<size).reduce(0.0) { $0 + Double(rows[a * size + $1]) * Double(rows[b * size + $1]) }
        #expect(abs(dot - (a == b ? 1 : 0)) < 1e-5, "rows \(a) and \(b), seed \(both.random.seed)")
      }
    }

    @Test func eigenvectors() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let size = 13
      var values = both.random.normals(size * size)
      for row in 0..<size { for column in 0..<row { values[row * size + column] = values[column * size + row] } }
      let (matrix, rows) = (both.pair(values, [size, size]), both.output([size, size]))
      both.run { side in #expect(side.backend.eigenvectors(side(matrix), into: side(rows))) }
      both.compare(rows, absolute: 0, relative: 0, "the processor's own")
      let broken = both.pair([.nan] + values.dropFirst(), [size, size])
      #expect(!both.card.backend.eigenvectors(broken.card, into: rows.card))
    }
  }
}
