import CUDATensors
import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// Operations on tapes of both, with packed weights and all that is between the calls of a backend.
  @Suite struct Tapes {
    private struct Weights {
      let shape: [Int]
      let master: Pair
      let gradient: Pair

      /// A matrix of the side, whose gradient is added to.
      func matrix(_ side: Side) -> WeightMatrix {
        WeightMatrix(
          [Parameter(name: "weights", master: side(master), gradient: side(gradient))], version: WeightVersion(),
          arena: side.arena)
      }
    }

    private func weights(_ both: inout BothBackends, _ rows: Int, _ columns: Int) -> Weights {
      let shape = [rows, columns]
      return Weights(shape: shape, master: both.normals(shape, scale: 0.3), gradient: both.normals(shape, scale: 0.1))
    }

    /// A linear layer, experts and the output head, forward and backward.
    @Test(arguments: [DType.float32, .bfloat16])
    func layers(_ compute: DType) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let (tokens, width, inner, experts, vocabulary) = (21, 24, 16, 6, 50)
      let input = both.normals([tokens, width], compute)
      let targets = both.pair((0..<tokens).map { Int32($0 % 7 == 3 ? -1 : $0 % vocabulary) })
      let perToken = both.pair((0..<tokens).map { $0 % 7 == 3 ? 0 : 1 + Float($0 % 2) }, [tokens])
      let linear = weights(&both, width, width)
      let router = weights(&both, experts, width)
      let inputs = (0..<experts).map { _ in weights(&both, 2 * inner, width) }
      let outputs = (0..<experts).map { _ in weights(&both, width, inner) }
      let head = weights(&both, vocabulary, width)
      let inputGradient = both.output([tokens, width], compute)
      var logProbabilities: [[Float]] = []
      both.run { side in
        let execution = Execution(backend: side.backend, arena: side.arena, compute: compute)
        var tape = Tape(execution)
        let x = tape.variable(side(input))
        let first = tape.linear(x, linear.matrix(side))
        let routing = tape.route(
          first, router.matrix(side), RouterSpecification(experts: experts, chosen: 2, normalizesWeights: true))
        let expertWeights = ExpertWeights(
          inputs: inputs.map { $0.matrix(side) }, inputBiases: nil, outputs: outputs.map { $0.matrix(side) },
          outputBiases: nil)
        let second = tape.experts(first, routing, expertWeights, activation: .swiGLU)
        let (results, loss) = tape.outputHead(
          second, HeadWeights(head.matrix(side)), targets: side(targets),
          CrossEntropy(weights: side(perToken), total: 30, zLoss: 1e-3))
        logProbabilities.append(results.logProbabilities)
        let one = Tensor([1], shape: [1], in: side.arena)
        let gradients = tape.backward(from: [(loss, gradient: one)], to: [x])
        if let gradient = gradients[0] { side.backend.copy(gradient, into: side(inputGradient)) }
      }
      let limit = compute == .float32 ? 1e-5 : 1e-2
      #expect(distance(logProbabilities[1], logProbabilities[0]) < limit, "seed \(both.random.seed)")
      for (i, part) in ([linear, router, head] + inputs + outputs).enumerated() {
        #expect(distance(part.gradient) < limit, "seed \(both.random.seed), gradient \(i)")
      }
      #expect(distance(inputGradient) < limit, "seed \(both.random.seed), input gradient")
    }

    private func distance(_ pair: Pair) -> Double { distance(pair.card.toFloats(), pair.processor.toFloats()) }

    /// |actual - expected| / |expected| in the Euclidean norm; infinite where a number is none.
    private func distance(_ actual: [Float], _ expected: [Float]) -> Double {
      let squares = zip(actual, expected).reduce((0.0, 0.0)) { sums, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return (sums.0 + difference * difference, sums.1 + Double(pair.1) * Double(pair.1))
      }
      let result = (squares.0 / squares.1).squareRoot()
      return result.isNaN ? .infinity : result
    }
  }
}
