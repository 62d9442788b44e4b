import Foundation
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// Each operation of the tape: float32 gradients against differences, bf16 gradients against float32.
  @Suite struct OperationGradients {
    @Test func linear() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      // Two parameters that are multiplied as one.
      let matrix = weights.matrix([4, 5], 7, scale: 0.4, &random)
      let function = DifferentiableFunction(weights: weights, inputs: [input([6, 7], &random)], seed: random.next()) {
        [$0.linear($1[0], matrix)]
      }
      function.checkByDifferences("linear", &random)
      function.checkBFloat16("seed \(random.seed) linear")
    }

    @Test(arguments: [false, true]) func linearWithBias(keptInput: Bool) {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let matrix = weights.matrix([4, 5], 7, scale: 0.4, &random)
      let bias = WeightVector([weights.parameter(random.normals(9), [9])])
      let function = DifferentiableFunction(weights: weights, inputs: [input([6, 7], &random)], seed: random.next()) {
        [$0.linear($1[0], matrix, bias: bias, keptInput: keptInput)]
      }
      function.checkByDifferences("linear with bias", &random)
      function.checkBFloat16("seed \(random.seed) linear with bias")
    }

    @Test func embedding() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let table = weights.parameter(random.normals(5 * 9), [5, 9])
      let ids = Tensor([Int32](arrayLiteral: 3, 0, 3, 3, 1), in: weights.arena)
      let function = DifferentiableFunction(weights: weights, inputs: [], seed: random.next()) { tape, _ in
        [tape.embedding(ids, table), tape.embedding(ids, table, scale: 1.5)]
      }
      function.checkByDifferences(samples: 45, "embedding", &random)
      function.checkBFloat16("seed \(random.seed) embedding")
    }

    @Test func add() {
      var random = TestRandom()
      let inputs = [input([4, 9], &random), input([4, 9], &random)]
      let function = DifferentiableFunction(
        weights: TestWeights(random: &random), inputs: inputs, seed: random.next()
      ) { tape, inputs in
        let sum = tape.add(inputs[0], inputs[1])
        return [sum, tape.add(sum, inputs[0])]
      }
      function.checkByDifferences("add", &random)
      function.checkBFloat16("seed \(random.seed) add")
    }

    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)], [false, true])
    func addRMSNorm(_ residual: (delta: Bool, isUsed: Bool), onePlus: Bool) {
      let hasDelta = residual.delta
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let weight = weights.parameter(random.normals(9), [9])
      let inputs = (0..<(hasDelta ? 2 : 1)).map { _ in input([5, 9], &random) }
      let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) {
        let results = $0.addRMSNorm($1[0], hasDelta ? $1[1] : nil, weight, onePlus: onePlus, epsilon: 1e-5)
        return [results.normed] + (residual.isUsed ? [results.residual] : [])
      }
      function.checkByDifferences("addRMSNorm", &random)
      function.checkBFloat16("seed \(random.seed) addRMSNorm")
    }

    /// Over each head of 6 columns, and over all queries and all keys. Of large numbers, so that three of them are
    /// seldom so small together that a difference is no slope.
    @Test(arguments: [(6, 6), (24, 6), (12, 3)], [false, true])
    func queryKeyNorm(_ widths: (query: Int, key: Int), onePlus: Bool) {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let queryWeight = weights.parameter(random.normals(widths.query), [widths.query])
      let keyWeight = weights.parameter(random.normals(widths.key), [widths.key])
      let large = input([3, 36], scale: 4, &random)
      let function = DifferentiableFunction(weights: weights, inputs: [large], seed: random.next()) {
        [
          $0.queryKeyNorm(
            $1[0], queryWidth: 24, keyWidth: 6, queryWeight: queryWeight, keyWeight: keyWeight, onePlus: onePlus,
            epsilon: 1e-6)
        ]
      }
      function.checkByDifferences(samples: 108, "queryKeyNorm", &random)
      function.checkBFloat16("seed \(random.seed) queryKeyNorm")
    }

    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func addLayerNorm(_ residual: (delta: Bool, isUsed: Bool)) {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let weight = weights.parameter(random.normals(17), [17])
      let bias = weights.parameter(random.normals(17), [17])
      let inputs = (0..<(residual.delta ? 2 : 1)).map { _ in input([4, 17], &random) }
      let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) {
        let results = $0.addLayerNorm(
          $1[0], residual.delta ? $1[1] : nil, weight: weight, bias: bias, epsilon: 1e-5)
        return [results.normed] + (residual.isUsed ? [results.residual] : [])
      }
      function.checkByDifferences("addLayerNorm", &random)
      function.checkBFloat16("seed \(random.seed) addLayerNorm")
    }

    @Test func rotary() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let positions = Tensor([Int32](arrayLiteral: 0, 3, 1, 7, 2), in: weights.arena)
      let table = rotaryTable(positions: 8, dimension: 6, in: weights.arena)
      // Two heads turn, six columns pass through.
      let function = DifferentiableFunction(weights: weights, inputs: [input([5, 18], &random)], seed: random.next()) {
        [$0.rotary($1[0], heads: RotaryHeads(count: 2, dimension: 6), positions: positions, table: table)]
      }
      function.checkByDifferences(samples: 90, "rotary", &random)
      function.checkBFloat16("seed \(random.seed) rotary")
      // Of three heads the last six of eight elements turn, in pairs of neighbours.
      let heads = RotaryHeads(column: 2, count: 3, dimension: 8, isInterleaved: true)
      let part = DifferentiableFunction(weights: weights, inputs: [input([5, 26], &random)], seed: random.next()) {
        [$0.rotary($1[0], heads: heads, positions: positions, table: table)]
      }
      part.checkByDifferences(samples: 130, "partial rotary", &random)
      part.checkBFloat16("seed \(random.seed) partial rotary")
    }

    @Test(arguments: ["causal", "all", "documents", "window", "documents and window"])
    func attention(kind: String) {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let firstKeys = Tensor(
        [Int32](arrayLiteral: 0, 0, 0, 3, 3, 3, 3, 0, 1, 1, 1, 1, 6, 6), shape: [2, 7], in: weights.arena)
      let specification = AttentionSpecification(
        sequences: 2, queryLength: 7, heads: 4, keyValueHeads: 2, headDimension: 6, isCausal: kind != "all",
        window: kind.contains("window") ? 3 : nil, firstKeys: kind.contains("documents") ? firstKeys : nil)
      let function = DifferentiableFunction(weights: weights, inputs: [input([14, 48], &random)], seed: random.next()) {
        [$0.attention($1[0], specification)]
      }
      function.checkByDifferences(samples: 120, "attention \(kind)", &random)
      function.checkBFloat16("seed \(random.seed) attention \(kind)")
    }

    /// Columns that go to one place, to several and to none.
    @Test func columns() {
      var random = TestRandom()
      let inputs = [input([5, 40], &random), input([5, 6], &random)]
      let function = DifferentiableFunction(
        weights: TestWeights(random: &random), inputs: inputs, seed: random.next()
      ) { tape, inputs in
        tape.columns(
          of: inputs,
          [
            [ColumnSpan(0, column: 3, count: 20), ColumnSpan(1, column: 0, count: 6), ColumnSpan(0, column: 25, count: 2)],
            [ColumnSpan(1, column: 2, count: 4), ColumnSpan(1, column: 0, count: 6), ColumnSpan(0, column: 10, count: 17)],
          ])
      }
      function.checkByDifferences(samples: 200, "columns", &random)
      function.checkBFloat16("seed \(random.seed) columns")
    }

    @Test func sigmoidGate() {
      var random = TestRandom()
      let inputs = [input([3, 17], &random), input([3, 17], scale: 3, &random)]
      let function = DifferentiableFunction(
        weights: TestWeights(random: &random), inputs: inputs, seed: random.next()
      ) { [$0.gate($1[0], by: $1[1], .sigmoid)] }
      function.checkByDifferences(samples: 102, "sigmoid gate", &random)
      function.checkBFloat16("seed \(random.seed) sigmoid gate")
    }

    /// Keys and values of different widths, and three queries a token, each for a part of the keys; the first sequence's
    /// first token sees none in two of them.
    @Test func attentionInParts() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let specification = AttentionSpecification(
        sequences: 2, queryLength: 5, heads: 4, keyValueHeads: 2, headDimension: 6, valueDimension: 8)
      func tensor(_ values: [Int32]) -> Tensor { Tensor(values, in: weights.arena) }
      let ranges = [
        (tensor([0, 1, 2, 2, 3, 0, 1, 1, 2, 4]), tensor([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])),
        (tensor([0, 0, 1, 1, 2, 0, 0, 0, 1, 2]), tensor([-1, 0, 1, 1, 2, -1, 0, 0, 1, 3])),
        (tensor([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), tensor([-1, -1, 0, 0, 1, -1, -1, -1, 0, 1])),
      ]
      let inputs = (0..<3).map { _ in input([10, 24], &random) } + [input([10, 12], &random), input([10, 16], &random)]
      let whole = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) {
        [$0.attention(query: $1[0], key: $1[3], value: $1[4], specification)]
      }
      whole.checkByDifferences(samples: 120, "attention of its own tensors", &random)
      let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
        let parts = zip(x, ranges).map { AttentionPart(query: $0, firstKeys: $1.0, lastKeys: $1.1) }
        return [tape.attention(parts, key: x[3], value: x[4], specification)]
      }
      function.checkByDifferences(samples: 200, "attention in parts", &random)
      // Each part's gradients of keys and values are rounded, and their sums again.
      function.checkBFloat16(tolerance: 2e-2, "seed \(random.seed) attention in parts")
    }

    /// Everything that makes scores special at once, with the gradient of the sinks.
    @Test func specialAttention() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let sinks = weights.parameter(random.normals(4), [4])
      let slopes = Tensor([0.5, 0.25, 0.125, 0.0625], shape: [4], in: weights.arena)
      let firstKeys = Tensor(
        [Int32](arrayLiteral: 0, 0, 0, 3, 3, 3, 3, 0, 1, 1, 1, 1, 6, 6), shape: [2, 7], in: weights.arena)
      var specification = AttentionSpecification(
        sequences: 2, queryLength: 7, heads: 4, keyValueHeads: 2, headDimension: 6, window: 2, firstKeys: firstKeys)
      specification.keptFirstKeys = 1
      specification.softCap = 2
      specification.slopes = slopes
      let special = specification
      let function = DifferentiableFunction(weights: weights, inputs: [input([14, 48], &random)], seed: random.next()) {
        [$0.attention($1[0], special, sinks: sinks)]
      }
      function.checkByDifferences(samples: 120, "special attention", &random)
      function.checkBFloat16(tolerance: 5e-2, "seed \(random.seed) special attention")
    }

    @Test func activations() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let swiGLU = DifferentiableFunction(weights: weights, inputs: [input([3, 34], &random)], seed: random.next()) {
        [$0.swiGLU($1[0])]
      }
      swiGLU.checkByDifferences(samples: 102, "swiGLU", &random)
      swiGLU.checkBFloat16("seed \(random.seed) swiGLU")
      let geGLU = DifferentiableFunction(weights: weights, inputs: [input([3, 34], &random)], seed: random.next()) {
        [$0.geGLU($1[0])]
      }
      geGLU.checkByDifferences(samples: 102, "geGLU", &random)
      geGLU.checkBFloat16("seed \(random.seed) geGLU")
      let gelu = DifferentiableFunction(weights: weights, inputs: [input([3, 17], &random)], seed: random.next()) {
        [$0.gelu($1[0])]
      }
      gelu.checkByDifferences(samples: 51, "gelu", &random)
      gelu.checkBFloat16("seed \(random.seed) gelu")
    }

    /// A variable that several operations read, and one whose gradient never arrives.
    @Test func severalReaders() {
      var random = TestRandom()
      let weights = TestWeights(random: &random)
      let first = weights.matrix([5], 7, scale: 0.4, &random)
      let second = weights.matrix([5], 7, scale: 0.4, &random)
      let unused = weights.matrix([5], 7, scale: 0.4, &random)
      let inputs = [input([4, 7], &random), input([4, 7], &random)]
      let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) {
        let both = [$0.linear($1[0], first), $0.linear($1[0], second), $0.gelu($1[0])]
        _ = $0.linear($1[1], unused)
        return both
      }
      function.checkByDifferences("several readers", &random)
      let gradients = function.gradients(Execution(compute: .float32))
      #expect(gradients[1].allSatisfy { $0 == 0 } && gradients[4].allSatisfy { $0 == 0 })
    }
  }
}

/// Random values that bf16 holds, with their shape.
func input(_ shape: [Int], scale: Float = 1, _ random: inout TestRandom) -> (values: [Float], shape: [Int]) {
  (random.normals(shape.reduce(1, *), scale: scale).map { BFloat16.float(BFloat16.bits($0)) }, shape)
}

/// Cosines and sines `[positions, 2, dimension / 2]`.
func rotaryTable(positions: Int, dimension: Int, in arena: Arena) -> Tensor {
  let half = dimension / 2
  let values = (0..<positions).flatMap { p in
    let angles = (0..<half).map { Double(p) * pow(100, -Double($0) / Double(half)) }
    return angles.map { Float(cos($0)) } + angles.map { Float(sin($0)) }
  }
  return Tensor(values, shape: [positions, 2, half], in: arena)
}
