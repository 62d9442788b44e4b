import Foundation
import Synchronization
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct OutputHead {
    /// Cross-entropy with a weight a token and z-loss (arXiv:2204.02311), in one pass.
    @Test func crossEntropyWithZLoss() {
      var random = TestRandom()
      let function = zLoss(tokens: 9, width: 7, vocabulary: 13, &random)
      function.checkByDifferences(samples: 91, "output head", &random)
      function.checkBFloat16("seed \(random.seed) output head")
    }

    /// More tokens than fit into one block of logits, also with rows that share a cache's sets, against the gradient
    /// written out in double: differences of so large a sum would show little but its rounding.
    @Test(arguments: [8211, 4096])
    func severalBlocks(vocabulary: Int) {
      var random = TestRandom()
      let (tokens, width) = (301, 5)
      let weights = TestWeights(random: &random)
      let matrix = weights.matrix([vocabulary], width, scale: 0.4, &random)
      let targetIDs = (0..<tokens).map { _ in Int32.random(in: -900..<Int32(vocabulary), using: &random) }
      let hidden = input([tokens, width], &random)
      let (byProbability, bySum) = (random.normals(tokens), random.normals(tokens))
      let targets = Tensor(targetIDs, in: weights.arena)
      let function = DifferentiableFunction(weights: weights, inputs: [hidden]) { tape, variables in
        let loss = tape.outputHead(
          variables[0], HeadWeights(matrix), targets: targets, gradient: { t, _, _ in (byProbability[t], bySum[t]) }
        ).loss
        return .init(loss: 0, gradients: [(loss, gradient: one(tape.execution))])
      }
      let actual = function.gradients(Execution(compute: .float32))

      let w = weights.parameters[0].master.floats.map { Double($0) }
      var hiddenGradient = Array(repeating: 0.0, count: tokens * width)
      var weightGradient = Array(repeating: 0.0, count: vocabulary * width)
      for t in 0..<tokens {
        let x = hidden.values[t * width..<(t + 1) * width].map { Double($0) }
        let weight = { (v: Int) in exp((0..<width).reduce(0) { $0 + w[v * width + $1] * x[$1] }) }
        let exponentials = (0..<vocabulary).map(weight)
        let total = exponentials.reduce(0, +)
        let d = targetIDs[t] < 0 ? 0 : Double(byProbability[t])
        for v in 0..<vocabulary {
          let g = (Double(bySum[t]) - d) * exponentials[v] / total + (v == Int(targetIDs[t]) ? d : 0)
          for c in 0..<width {
            hiddenGradient[t * width + c] += g * w[v * width + c]
            weightGradient[v * width + c] += g * x[c]
          }
        }
      }
      #expect(relativeDistance(actual[0], hiddenGradient) < 2e-6, "seed \(random.seed)")
      #expect(relativeDistance(actual[1], weightGradient) < 2e-6, "seed \(random.seed)")
    }

    /// A loss of all tokens together, as preference losses are: -log sigmoid of a weighted sum of log-probabilities.
    @Test func twoPhases() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let matrix = weights.matrix([13], 7, scale: 0.4, &random)
      let targetIDs: [Int32] = [3, -1, 12, 0, 3, 7]
      let targets = Tensor(targetIDs, in: weights.arena)
      let signs: [Double] = [1, 1, 1, -1, -1, -1]
      let function = DifferentiableFunction(weights: weights, inputs: [input([6, 7], &random)]) { tape, variables in
        let margin = Mutex(0.0)
        let box = Box(margin: margin)
        let (results, loss) = tape.logProbabilities(
          variables[0], HeadWeights(matrix), targets: targets, wantsEntropy: true,
          gradient: {
            let total = box.margin.withLock { $0 }
            return { token, _, _ in (Float(-signs[token] / (1 + exp(total))), 0) }
          })
        let total = zip(signs, results.logProbabilities).reduce(0) { $0 + $1.0 * Double($1.1) }
        box.margin.withLock { $0 = total }
        #expect(results.entropy?.count == 6 && results.logProbabilities[1] == 0)
        return .init(loss: log1p(exp(-total)), gradients: [(loss, gradient: one(tape.execution))])
      }
      function.checkByDifferences(samples: 91, "log-probabilities", &random)
    }

    /// Both forms, and logits by themselves, say the same of each token.
    @Test func formsAgree() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let matrix = weights.matrix([33], 7, scale: 0.4, &random)
      let targetIDs = (0..<20).map { _ in Int32.random(in: -3..<33, using: &random) }
      let targets = Tensor(targetIDs, in: weights.arena)
      let hidden = input([20, 7], &random)
      for compute in [DType.float32, .bfloat16] {
        var tape = Tape(Execution(compute: compute), recording: false)
        let variable = tape.variable(Tensor(hidden.values, shape: hidden.shape, dtype: compute, in: weights.arena))
        let head = HeadWeights(matrix, softCap: compute == .float32 ? 0.7 : nil)
        let one = tape.outputHead(variable, head, targets: targets, gradient: nil).results
        let two = tape.logProbabilities(
          variable, head, targets: targets, wantsEntropy: true, gradient: { { _, _, _ in (0, 0) } }
        ).results
        #expect(one.logProbabilities == two.logProbabilities && one.logSumExp == two.logSumExp && one.entropy == nil)
        let logits = tape.logits(variable, head)
        for t in 0..<20 {
          let row = (0..<33).map { Double(logits.floats[t * 33 + $0]) }
          let total = log(row.reduce(0) { $0 + exp($1) })
          let expected = targetIDs[t] < 0 ? 0 : row[Int(targetIDs[t])] - total
          let entropy = row.reduce(0) { $0 - exp($1 - total) * ($1 - total) }
          #expect((Double(one.logSumExp[t]) - total).magnitude < 1e-5, "seed \(random.seed)")
          #expect((Double(one.logProbabilities[t]) - expected).magnitude < 1e-5, "seed \(random.seed)")
          #expect((Double(two.entropy?[t] ?? .nan) - entropy).magnitude < 1e-5, "seed \(random.seed)")
        }
      }
    }
  }
}

private final class Box: Sendable {
  let margin: Mutex<Double>
  init(margin: consuming Mutex<Double>) { self.margin = margin }
}

private func one(_ execution: Execution) -> Tensor { Tensor([1], shape: [1], in: execution.arena) }

private func zLoss(
  tokens: Int, width: Int, vocabulary: Int, _ random: inout TestRandom
) -> DifferentiableFunction {
  let weights = TestWeights(random: &random)
  let matrix = weights.matrix([vocabulary], width, scale: 0.4, &random)
  var targetIDs = (0..<tokens).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
  targetIDs[2] = -100
  let tokenWeights = random.normals(tokens)
  let targets = Tensor(targetIDs, in: weights.arena)
  return DifferentiableFunction(weights: weights, inputs: [input([tokens, width], &random)]) { tape, variables in
    let zWeight: Float = 0.1
    let (results, loss) = tape.outputHead(
      variables[0], HeadWeights(matrix), targets: targets,
      gradient: { token, _, logSumExp in (-tokenWeights[token], 2 * zWeight * logSumExp) })
    var total = 0.0
    for t in 0..<tokens {
      let z = Double(results.logSumExp[t])
      total += Double(zWeight) * z * z - Double(tokenWeights[t]) * Double(results.logProbabilities[t])
    }
    return .init(loss: total, gradients: [(loss, gradient: one(tape.execution))])
  }
}
