import CUDARuntime
import CUDATensors
import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Products of matrices against the processor's.
  @Suite struct Products {
    /// Few rows and many, widths that are multiples of 16 bytes and others.
    static let shapes = [(1, 1, 1), (1, 64, 40), (3, 7, 5), (8, 136, 30), (9, 33, 70), (65, 40, 24), (70, 5, 129)]

    @Test(arguments: [DType.float32, .bfloat16])
    func multiply(_ compute: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      check(&both, Self.shapes, compute)
    }

    /// Kernels of Apus's own where cuBLASLt is missing: tensor cores for matrices in runs of 16 bytes, and one for any.
    @Test(arguments: [DType.float32, .bfloat16])
    func withoutLibrary(_ compute: DType) throws {
      var loader = LibraryLoader.system(environment: try EmulatedCard.finder().environment)
      let open = loader.open
      loader.open = { $0.contains("cublasLt") ? .failure(LibraryLoader.OpenFailure("\($0): none")) : open($0) }
      let context = try CUDAContext(finder: LibraryFinder(loader), cache: nil)
      #expect(throws: CUDAError.self) { try context.blas() }
      var both = BothBackends(CUDABackend(context, memory: DeviceMemory(context, leastInSlab: .max)))
      check(&both, Self.shapes.filter { $0.0 > 8 } + [(136, 72, 264), (200, 8, 16)], compute)
    }

    private func check(_ both: inout BothBackends, _ shapes: [(Int, Int, Int)], _ compute: DType) {
      for (rows, depth, columns) in shapes {
        for variant in 0..<8 {
          let (leftTransposed, rightTransposed) = (variant & 1 == 1, variant & 2 == 2)
          let accumulate = variant & 4 == 4
          // A left operand of another type than the computation's is rounded to it.
          let left = both.normals(leftTransposed ? [depth, rows] : [rows, depth], variant > 5 ? .float32 : compute)
          let right = both.normals(
            rightTransposed ? [columns, depth] : [depth, columns], variant % 3 == 0 ? compute : .float32)
          let shape = [rows, columns]
          let output = accumulate ? both.normals(shape) : both.output(shape, variant == 2 ? .float32 : compute)
          both.run { side in
            side.backend.multiply(
              side(left), leftTransposed: leftTransposed,
              packed: side.packed(right, transposed: rightTransposed, compute: compute), compute: compute,
              into: side(output), accumulate: accumulate)
          }
          both.compare(output, absolute: 5e-5, "\(compute) \(rows) x \(depth) x \(columns), variant \(variant)")
        }
      }
    }

    /// Nothing to multiply: an output of zeros, or as it was.
    @Test func emptyDepth() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (left, right) = (both.output([3, 0]), both.output([0, 5]))
      let (output, sum) = (both.output([3, 5]), both.normals([3, 5]))
      let before = sum.card.toFloats()
      for (result, accumulate) in [(output, false), (sum, true)] {
        let storage = both.card.arena.allocate(byteCount: 64)
        both.card.backend.multiply(
          both.card(left), leftTransposed: false,
          packed: both.card.backend.pack(both.card(right), transposed: false, compute: .float32, into: storage),
          compute: .float32, into: both.card(result), accumulate: accumulate)
      }
      both.compare(output.card, with: [Float](repeating: 0, count: 15), "no depth")
      both.compare(sum.card, with: before, "no depth, added")
    }

    @Test(arguments: [DType.float32, .bfloat16])
    func linearBackward(_ compute: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (rows, inputs, outputs) in [(1, 8, 16), (7, 5, 33), (40, 64, 24)] {
        let (weights, x) = (both.normals([outputs, inputs]), both.normals([rows, inputs], compute))
        let gradient = both.normals([rows, outputs], rows == 7 ? .float32 : compute)
        for isPacked in [true, false] {
          let inputGradient = both.output([rows, inputs], compute)
          let weightGradient = both.normals([outputs, inputs])
          both.run { side in
            side.backend.linearBackward(
              outputGradient: side(gradient),
              weights: isPacked
                ? .packed(side.packed(weights, transposed: false, compute: compute)) : .plain(side(weights)),
              input: side.packed(x, transposed: false, compute: compute), compute: compute,
              inputGradient: side(inputGradient), weightGradient: side(weightGradient), accumulate: isPacked)
          }
          let label = "\(compute) \(rows) x \(inputs) x \(outputs), \(isPacked ? "packed" : "plain")"
          both.compare(inputGradient, absolute: 5e-5, "input gradient of \(label)")
          both.compare(weightGradient, absolute: 5e-5, "weight gradient of \(label)")
        }
      }
    }

    /// A row's result does not depend on which rows stand beside it, as long as they are few.
    @Test func rowsAreIndependent() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (x, weights) = (both.normals([8, 72], .bfloat16), both.normals([20, 72]))
      let packed = both.card.packed(weights, transposed: true, compute: .bfloat16)
      func product(_ rows: Range<Int>) -> [Float] {
        let output = Tensor([rows.count, 20], .float32, in: both.card.arena)
        both.card.backend.multiply(
          x.card[rows: rows], leftTransposed: false, packed: packed, compute: .bfloat16, into: output,
          accumulate: false)
        return output.toFloats()
      }
      let together = product(0..<8)
      for row in 0..<8 { #expect(product(row..<row + 1) == Array(together[row * 20..<row * 20 + 20])) }
      #expect(product(2..<5) == Array(together[2 * 20..<5 * 20]))
    }
  }
}
