import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Functions of single elements, in runs of 16 bytes with something left over and at addresses that allow none.
  @Suite struct Elementwise {
    static let types = [DType.float32, .bfloat16]
    /// Elements, and how many before them make their address odd.
    static let sizes = [(1, 0), (2053, 0), (700, 1)]

    /// Elements of a view that begins at `skipped`.
    private func view(_ pair: Pair, from skipped: Int) -> Pair {
      let rows = skipped..<pair.processor.rows
      return Pair(processor: pair.processor[rows: rows], card: pair.card[rows: rows])
    }

    @Test(arguments: types)
    func sums(_ type: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (count, skipped) in Self.sizes {
        let shape = [count + skipped, 1]
        let x = view(both.normals(shape, type), from: skipped)
        let (y, output) = (both.normals([count, 1], type), both.output([count, 1], type))
        let other: DType = type == .float32 ? .bfloat16 : .float32
        let converted = both.output([count, 1], other)
        both.run { side in
          side.backend.add(side(x), side(y), into: side(output))
          side.backend.convert(side(x), into: side(converted))
          side.backend.add(side(y), side(x), into: side(y))
        }
        let label = "\(type), \(count) elements from \(skipped)"
        both.compare(output, absolute: 0, relative: 0, steps: 0, label + ", sum")
        both.compare(y, absolute: 0, relative: 0, steps: 0, label + ", sum in place")
        both.compare(converted, absolute: 0, relative: 0, steps: 0, label + ", converted")
      }
    }

    @Test func floats() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (count, skipped) in Self.sizes {
        let shape = [count + skipped, 1]
        let x = view(both.normals(shape, scale: 3), from: skipped)
        let (y, gradient) = (both.normals([count, 1]), both.normals([count, 1]))
        let outputs = (0..<6).map { _ in both.output([count, 1]) }
        let total = both.normals([count, 1])
        let below = both.pair((0..<count).map { _ in -abs(both.random.normal() * 9) }, [count, 1])
        both.run { side in
          let backend = side.backend
          backend.clamp(side(x), to: -2...1.5, output: side(outputs[0]))
          backend.clampBackward(side(x), to: -2...1.5, outputGradient: side(gradient), inputGradient: side(outputs[1]))
          backend.product(side(x), side(y), accumulate: false, output: side(outputs[2]))
          backend.product(side(x), side(y), accumulate: true, output: side(total))
          backend.exponential(side(below), compute: .float32, into: side(outputs[3]))
          backend.boundedReciprocal(side(x), bounds: side(y), epsilon: 1e-6, output: side(outputs[4]))
          backend.boundedReciprocalBackward(
            side(x), bounds: side(y), output: side(outputs[4]), outputGradient: side(gradient),
            inputGradient: side(outputs[5]))
          backend.exponential(side(below), compute: .bfloat16, into: side(below))
        }
        let label = "\(count) elements from \(skipped), "
        for (i, name) in ["clamp", "its gradient", "product"].enumerated() {
          both.compare(outputs[i], absolute: 0, relative: 0, label + name)
        }
        for (i, name) in ["exponential", "reciprocal", "its gradient"].enumerated() {
          both.compare(outputs[3 + i], absolute: 1e-6, label + name)
        }
        both.compare(total, absolute: 1e-6, label + "sum of products")
        both.compare(below, absolute: 1e-6, label + "coarse exponential in place")
      }
    }

    @Test func keepsWhatIsNoNumber() throws {
      let both = BothBackends(try EmulatedCard.backend())
      let x = both.pair([.nan, .infinity, -.infinity], [3])
      let (output, rounded) = (both.output([3]), both.output([3], .bfloat16))
      both.run { side in
        side.backend.clamp(side(x), to: -1...1, output: side(output))
        side.backend.convert(side(x), into: side(rounded))
      }
      for pair in [output, rounded] {
        let (given, expected) = (pair.card.toFloats(), pair.processor.toFloats())
        #expect(given[0].isNaN && expected[0].isNaN)
        #expect(given[1...] == expected[1...])
      }
    }

    @Test func roundsToEightBits() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for skipped in [0, 1] {
        var values = both.random.normals(32 * 70 + skipped)
        for block in 0..<70 {
          let scale: Float = [1, 1e-3, 1e-6, 3e4, 0][block % 5]
          for i in 0..<32 { values[skipped + block * 32 + i] *= scale }
        }
        let weights = view(both.pair(values, [values.count, 1]), from: skipped)
        both.run { side in side.backend.roundToQ8(side(weights)) }
        both.compare(weights, absolute: 0, relative: 0, "weights from \(skipped)")
      }
    }

    @Test func sumOfSquares() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (count, skipped) in [(0, 0), (3, 1), (65_536, 0), (140_001, 0)] {
        let x = view(both.normals([count + skipped, 1], scale: 2), from: skipped)
        let expected = x.processor.floats.reduce(0.0) { $0 + Double($1) * Double($1) }
        let sum = both.card.backend.sumOfSquares(x.card)
        #expect(abs(sum - expected) <= 2e-7 * expected, "\(count) elements, seed \(both.random.seed)")
      }
    }
  }
}
