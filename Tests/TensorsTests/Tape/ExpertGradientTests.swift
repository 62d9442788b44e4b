import Foundation
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// Routing and experts: gradients against differences, the losses of balance, and bits that do not depend on threads.
  @Suite struct ExpertGradients {
    /// Layers small enough for differences; logits far enough apart that no difference changes a choice.
    private static func layer(
      _ specification: RouterSpecification, _ activation: RowActivation, hasBias: Bool, width: Int = 6, inner: Int = 5,
      _ weights: TestWeights, _ random: inout TestRandom
    ) -> (router: WeightMatrix, bias: WeightVector?, experts: ExpertWeights) {
      let experts = specification.experts
      let router = weights.matrix([experts], width, scale: 1, &random)
      func bias(_ width: Int) -> WeightVector { WeightVector([weights.parameter(random.normals(width), [width])]) }
      let rows = activation.isGated ? [inner, inner] : [inner]
      return (
        router, hasBias ? bias(experts) : nil,
        ExpertWeights(
          inputs: (0..<experts).map { _ in weights.matrix(rows, width, scale: 0.5, &random) },
          inputBiases: hasBias ? (0..<experts).map { _ in bias(rows.reduce(0, +)) } : nil,
          outputs: (0..<experts).map { _ in weights.matrix([width], inner, scale: 0.5, &random) },
          outputBiases: hasBias ? (0..<experts).map { _ in bias(width) } : nil)
      )
    }

    @Test(arguments: [RowActivation.swiGLU, .clampedSwiGLU, .geGLUExact, .reluSquared], [false, true])
    func experts(_ activation: RowActivation, hasBias: Bool) {
      for specification in [
        RouterSpecification(experts: 5, chosen: 2), RouterSpecification(experts: 5, chosen: 3, normalizesWeights: true),
        RouterSpecification(
          experts: 6, chosen: 2, scores: .sigmoid, normalizesWeights: true, scale: 1.5, groups: 3, chosenGroups: 2),
        RouterSpecification(experts: 4, chosen: 2, scores: .sigmoid),
      ] {
        var random = TestRandom(seed: 17)
        let weights = TestWeights(random: &random)
        let layer = Self.layer(specification, activation, hasBias: hasBias, weights, &random)
        let function = DifferentiableFunction(
          weights: weights, inputs: [input([7, 6], &random)], seed: random.next()
        ) {
          let routing = $0.route($1[0], layer.router, bias: layer.bias, specification)
          // The last ones' weights multiply what experts read.
          let weightsInputs = specification.experts == 4
          return [
            $0.experts($1[0], routing, layer.experts, activation: activation, weightsInputs: weightsInputs)
          ]
        }
        // Steps so small that no choice changes, where rounding shows.
        function.checkByDifferences(step: 1e-3, tolerance: 6e-2, samples: 12, "\(specification)", &random)
      }
    }

    @Test func gatedRows() {
      var random = TestRandom()
      let function = DifferentiableFunction(
        weights: TestWeights(random: &random), inputs: [input([5, 9], &random), input([5, 1], &random)],
        seed: random.next()
      ) { [$0.gateRows($1[0], by: $1[1])] }
      function.checkByDifferences("gated rows", &random)
      function.checkBFloat16("seed \(random.seed) gated rows")
    }

    /// What enters at the router's backward pass is the gradient of the losses as their formulas say.
    @Test(arguments: RouterSpecification.Scores.allCases) func lossesOfBalance(_ scores: RouterSpecification.Scores) {
      var random = TestRandom(seed: 5)
      let weights = TestWeights(random: &random)
      let specification = RouterSpecification(experts: 4, chosen: 2, scores: scores)
      let layer = Self.layer(specification, .swiGLU, hasBias: false, weights, &random)
      let balance = RouterBalance(auxiliaryLoss: 0.7, zLoss: 0.3)
      let x = input([9, 6], &random)
      let execution = Execution(compute: .float32)
      func loads(_ values: [Float]) -> (Tape, Routing, RouterLoad?, Variable) {
        weights.version.advance()
        var tape = Tape(execution)
        tape.routing = RoutingLedger(stepTokens: 18)
        let variable = tape.variable(Tensor(values, shape: x.shape, in: execution.arena))
        let routing = tape.route(variable, layer.router, specification, balance: balance)
        return (tape, routing, tape.routing.loads[0], variable)
      }
      // Nine of eighteen tokens: the losses' means are over all of them.
      func loss(_ values: [Float], _ fractions: [Double]) -> Double {
        guard let load = loads(values).2 else { return .nan }
        let shares = zip(fractions, load.shares).reduce(0.0) { $0 + $1.0 * $1.1 }
        return 0.7 * 4 * shares / 18 + 0.3 * load.squaredLogSumExp / 18
      }
      var (tape, routing, load, variable) = loads(x.values)
      let fractions = load?.fractions ?? []
      let zero = Tensor(Array(repeating: 0, count: 18), shape: [9, 2], in: execution.arena)
      let gradient = tape.backward(from: [(routing.weights, gradient: zero)], to: [variable])[0]?.toFloats() ?? []
      #expect(gradient.count == x.values.count)
      for i in gradient.indices {
        var values = x.values
        let h: Float = 5e-3
        values[i] += h
        let above = loss(values, fractions)
        values[i] = x.values[i] - h
        let slope = (above - loss(values, fractions)) / Double(2 * h)
        #expect(abs(Double(gradient[i]) - slope) < 1e-3 * (1 + abs(slope)), "\(i): \(gradient[i]), \(slope)")
      }
    }

    /// Over the global batch the second micro-batch counts the choices of the first too.
    @Test func globalBatch() {
      var random = TestRandom(seed: 9)
      let weights = TestWeights(random: &random)
      let specification = RouterSpecification(experts: 4, chosen: 1)
      let layer = Self.layer(specification, .swiGLU, hasBias: false, weights, &random)
      let execution = Execution(compute: .float32)
      let parts = [input([8, 6], &random), input([8, 6], &random)]
      func gradient(_ scope: RouterBalance.Scope, earlier: Bool) -> [Float] {
        var ledger = RoutingLedger(stepTokens: 16)
        var last: [Float] = []
        for part in earlier ? parts : [parts[1]] {
          var tape = Tape(execution)
          tape.routing = ledger
          let x = tape.variable(Tensor(part.values, shape: part.shape, in: execution.arena))
          let routing = tape.route(
            x, layer.router, specification, balance: RouterBalance(auxiliaryLoss: 1, scope: scope))
          ledger = tape.routing.next()
          let zero = Tensor(Array(repeating: 0, count: 8), shape: [8, 1], in: execution.arena)
          last = tape.backward(from: [(routing.weights, gradient: zero)], to: [x])[0]?.toFloats() ?? []
        }
        #expect(ledger.earlier[0]?.tokens == (earlier ? 16 : 8))
        return last
      }
      #expect(gradient(.microBatch, earlier: true) == gradient(.microBatch, earlier: false))
      #expect(gradient(.globalBatch, earlier: false) == gradient(.microBatch, earlier: false))
      #expect(gradient(.globalBatch, earlier: true) != gradient(.microBatch, earlier: true))
    }

    @Test func bitsDoNotDependOnThreads() async {
      await #expect(processExitsWith: .success) {
        for compute in [DType.float32, .bfloat16] {
          inEachVariant { variant in
            var first: [UInt32] = []
            for threads in [1, 2, 3, 4] {
              InstructionSet.setThreads(threads)
              var random = TestRandom(seed: 3)
              let weights = TestWeights(random: &random)
              let specification = RouterSpecification(experts: 9, chosen: 3)
              let layer = ExpertGradients.layer(
                specification, .swiGLU, hasBias: true, width: 32, inner: 48, weights, &random)
              let x = input([600, 32], &random)
              let execution = Execution(compute: compute)
              weights.resetGradients()
              var tape = Tape(execution)
              let variable = tape.variable(Tensor(x.values, shape: x.shape, dtype: compute, in: execution.arena))
              let routing = tape.route(variable, layer.router, bias: layer.bias, specification)
              let output = tape.experts(variable, routing, layer.experts, activation: .swiGLU)
              let gradient = tape.backward(from: [(output, gradient: output.tensor)], to: [variable])[0]
              let bits =
                weights.gradientBits + output.tensor.toFloats().map(\.bitPattern)
                + (gradient?.toFloats().map(\.bitPattern) ?? [])
              if first.isEmpty { first = bits }
              #expect(first == bits, "\(variant) \(compute) with \(threads) threads")
            }
          }
        }
      }
    }
  }
}
