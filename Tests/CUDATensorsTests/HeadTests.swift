import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// The output head against the processor's, whose blocks of the vocabulary are others.
  @Suite struct Head {
    @Test(arguments: [DType.float32, .bfloat16])
    func results(_ compute: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (tokens, width, vocabulary, softCap) in [
        (1, 8, 1, nil), (5, 24, 700, nil), (3, 16, 8200, nil), (4, 10, 513, 3), (1030, 8, 9, nil),
      ] as [(Int, Int, Int, Float?)] {
        let label = "\(compute) \(tokens) tokens, vocabulary \(vocabulary), soft cap \(softCap ?? 0)"
        let hidden = both.normals([tokens, width], tokens == 5 ? .float32 : compute)
        let weights = both.normals([vocabulary, width])
        let targets = both.pair(
          (0..<tokens).map { $0 == 2 ? -1 : Int32.random(in: 0..<Int32(vocabulary), using: &both.random) })
        // Of three tokens with something between the rows.
        let columns = tokens == 3 ? (vocabulary + 23) / 8 * 8 : vocabulary
        let exponentials = both.output([tokens, columns], compute)
        let (logSumExp, logProbabilities) = (both.output([tokens]), both.output([tokens]))
        let entropy = both.output([tokens])
        let byLogProbability = both.normals([tokens])
        let byLogSumExp: Pair? = tokens == 3 ? nil : both.normals([tokens])
        var largest: [[Float]] = []
        both.run { side in
          let blocks = side.backend.headBlockCount(vocabulary: vocabulary)
          let blockLargest = Tensor([blocks, tokens], .float32, in: side.arena)
          side.backend.head(
            side(hidden),
            weights: tokens == 5
              ? .plain(side(weights)) : .packed(side.packed(weights, transposed: true, compute: compute)),
            vocabulary: vocabulary, compute: compute, targets: side(targets), exponentials: side(exponentials),
            blockLargest: blockLargest, softCap: softCap, logSumExp: side(logSumExp),
            logProbabilities: side(logProbabilities), entropy: side(entropy))
          side.backend.headGradient(
            exponentials: side(exponentials), vocabulary: vocabulary, blockLargest: blockLargest, softCap: softCap,
            targets: side(targets), logSumExp: side(logSumExp), logProbabilities: side(logProbabilities),
            logProbabilityGradient: side(byLogProbability), logSumExpGradient: side(byLogSumExp))
          let all = blockLargest.toFloats()
          largest.append((0..<tokens).map { token in (0..<blocks).map { all[$0 * tokens + token] }.max() ?? 0 })
        }
        for (a, e) in zip(largest[1], largest[0]) { #expect(abs(a - e) <= 1e-5 * (1 + abs(e)), "\(label)") }
        // The processor's exponentials are coarser in bfloat16.
        let relative: Float = compute == .float32 ? 1e-5 : 1e-4
        both.compare(logSumExp, absolute: 1e-4, relative: relative, label + ", log of the sum")
        both.compare(logProbabilities, absolute: 1e-4, relative: relative, label + ", log-probabilities")
        both.compare(entropy, absolute: compute == .float32 ? 1e-4 : 1e-3, relative: relative, label + ", entropy")
        // The logit that a soft cap needs comes from a rounded exponential.
        let absolute: Float = compute == .float32 ? 2e-5 : softCap == nil ? 1e-5 : 5e-3
        func rows(_ tensor: Tensor) -> [Float] {
          let all = tensor.toFloats()
          #expect(all.indices.allSatisfy { $0 % columns < vocabulary || all[$0].isNaN }, "\(label), between rows")
          return (0..<tokens).flatMap { all[$0 * columns..<$0 * columns + vocabulary] }
        }
        both.compare(
          Tensor(rows(exponentials.card), shape: [tokens, vocabulary], dtype: compute, in: Arena()),
          with: rows(exponentials.processor), absolute: absolute, relative: 1e-4, steps: 2, label + ", gradient")
      }
    }

    /// Without exponentials and entropy, for a few tokens and for many.
    @Test func withoutExponentials() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (tokens, width, vocabulary) = (11, 16, 40)
      let (hidden, weights) = (both.normals([tokens, width], .bfloat16), both.normals([vocabulary, width]))
      let targets = both.pair((0..<tokens).map { Int32($0 % vocabulary) })
      let (logSumExp, logProbabilities) = (both.output([tokens]), both.output([tokens]))
      both.run { side in
        let blocks = side.backend.headBlockCount(vocabulary: vocabulary)
        side.backend.head(
          side(hidden), weights: .packed(side.packed(weights, transposed: true, compute: .bfloat16)),
          vocabulary: vocabulary, compute: .bfloat16, targets: side(targets), exponentials: nil,
          blockLargest: Tensor([blocks, tokens], .float32, in: side.arena), softCap: nil, logSumExp: side(logSumExp),
          logProbabilities: side(logProbabilities), entropy: nil)
      }
      both.compare(logSumExp, relative: 1e-4, "log of the sum")
      both.compare(logProbabilities, absolute: 1e-4, relative: 1e-4, "log-probabilities")
    }

    @Test func crossEntropyGradient() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (logSumExp, weights) = (both.normals([133], scale: 8), both.normals([133]))
      let (byLogProbability, byLogSumExp) = (both.output([133]), both.output([133]))
      both.run { side in
        side.backend.crossEntropyGradient(
          logSumExp: side(logSumExp), weights: side(weights), total: 77, zLoss: 1e-3,
          byLogProbability: side(byLogProbability), byLogSumExp: side(byLogSumExp))
      }
      both.compare(byLogProbability, absolute: 0, relative: 1e-6, "by log-probability")
      both.compare(byLogSumExp, absolute: 0, relative: 1e-6, "by log of the sum")
    }
  }
}
