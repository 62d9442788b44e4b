import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct LinearAlgebra {
    /// Eigenvectors of products of matrices with themselves, of full rank and not: right angles, the matrix diagonal in
    /// them, largest first.
    @Test(arguments: [(1, 1), (2, 2), (3, 1), (17, 17), (40, 12), (65, 100)])
    func eigenvectors(_ size: Int, _ rank: Int) {
      var random = TestRandom()
      let factors = random.normals(size * rank)
      let matrix = (0..<size * size).map { i in
        (0..<rank).reduce(Float(0)) { $0 + factors[i / size * rank + $1] * factors[i % size * rank + $1] }
      }
      let rows = Buffer.output(size * size)
      #expect(apus_eigenvectors(Int64(size), matrix, rows.floats))
      let q = rows.doubles
      expectOrthonormal(q, size)
      let largest = (0..<size).reduce(0.0) { max($0, Double(matrix[$1 * size + $1])) } * Double(size)
      var before = Double.infinity
      for i in 0..<size {
        let image = (0..<size).map { row in (0..<size).reduce(0.0) { $0 + Double(matrix[row * size + $1]) * q[i * size + $1] } }
        let value = (0..<size).reduce(0.0) { $0 + image[$1] * q[i * size + $1] }
        for k in 0..<size { #expect(abs(image[k] - value * q[i * size + k]) < 1e-6 * largest, "seed \(random.seed)") }
        #expect(value <= before + 1e-6 * largest)
        before = value
      }
      if rank < size { #expect(abs(before) < 1e-6 * largest) }
    }

    @Test func eigenvectorsOfWhatIsNoNumberEnd() {
      let rows = Buffer.output(9)
      #expect(!apus_eigenvectors(3, [1, .nan, 0, .nan, 1, 0, 0, 0, 1], rows.floats))
      #expect(apus_eigenvectors(3, [Float](repeating: 0, count: 9), rows.floats))
      expectOrthonormal(rows.doubles, 3)
    }

    @Test func rowsBecomeOrthonormal() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for size in [1, 2, 16, 33, 70] {
          var values = random.normals(size * size)
          // A row twice, a row of nothing, and rows that are nearly alike.
          if size > 8 {
            for i in 0..<size {
              values[3 * size + i] = values[i]
              values[5 * size + i] = 0
              values[6 * size + i] = values[2 * size + i] * (1 + 1e-4 * values[4 * size + i])
            }
          }
          inEachVariant { variant in
            let rows = Buffer.inOut(values)
            apus_orthonormalize(Int64(size), rows.floats)
            expectOrthonormal(rows.doubles, size)
            // The first row keeps its direction.
            let norm = (0..<size).reduce(0.0) { $0 + Double(values[$1]) * Double(values[$1]) }.squareRoot()
            for i in 0..<size {
              #expect(abs(rows.doubles[i] - Double(values[i]) / norm) < 1e-6, "seed \(random.seed) \(variant)")
            }
          }
        }
      }
    }
  }
}

private func expectOrthonormal(_ q: [Double], _ size: Int) {
  for i in 0..<size {
    for j in 0...i {
      let dot = (0..<size).reduce(0.0) { $0 + q[i * size + $1] * q[j * size + $1] }
      #expect(abs(dot - (i == j ? 1 : 0)) < 3e-6, "rows \(i) and \(j) of \(size): \(dot)")
    }
  }
}
