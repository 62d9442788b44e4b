import Foundation
import Tensors
import Testing
import TestSupport

extension EngineTests.OperationGradients {
  /// Two sequences of 11 tokens, of which the first has three documents.
  private static func firstKeys(_ arena: Arena) -> Tensor {
    Tensor((0..<22).map { $0 >= 11 ? 0 : $0 < 4 ? 0 : $0 < 5 ? 4 : 5 }, in: arena)
  }

  @Test(arguments: [0, 4, 8], [false, true]) func linearAttention(decayWidth: Int, readsLast: Bool) {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    // Two key heads of 4, four value heads of 5; a decay for each head or each head and row.
    let specification = LinearAttentionSpecification(
      sequences: 2, length: 11, heads: decayWidth == 8 ? 2 : 4, keyHeads: 2, keyDimension: 4, valueDimension: 5, scale: 0.7,
      readsLast: readsLast, firstKeys: Self.firstKeys(weights.arena))
    var inputs = [input([22, 8], &random), input([22, 8], &random), input([22, specification.heads * 5], &random)]
    if decayWidth > 0 { inputs.append(input([22, decayWidth], &random)) }
    let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
      let decay = decayWidth > 0 ? tape.map(x[3], .logSigmoid, factor: 2, as: .float32) : nil
      return [tape.linearAttention(query: x[0], key: x[1], value: x[2], decay: decay, specification)]
    }
    function.checkByDifferences("linear attention", &random)
    function.checkBFloat16("seed \(random.seed) linear attention")
  }

  @Test(arguments: [4, 16]) func deltaRule(decayWidth: Int) {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let specification = LinearAttentionSpecification(
      sequences: 2, length: 11, heads: 4, keyHeads: 2, keyDimension: 4, valueDimension: 5, scale: 0.5,
      firstKeys: Self.firstKeys(weights.arena))
    let inputs = [
      input([22, 8], &random), input([22, 8], &random), input([22, 20], &random), input([22, decayWidth], &random),
      input([22, 4], &random),
    ]
    let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
      let one = Tensor([0.5, 0.5, 0.5, 0.5], shape: [4], in: tape.execution.arena)
      let key = tape.headNorm(x[1], weight: one, gradient: nil, epsilon: 1e-6)
      let decay = tape.map(x[3], .logSigmoid, as: .float32)
      let beta = tape.map(x[4], .sigmoid, as: .float32)
      return [tape.deltaRule(query: x[0], key: key, value: x[2], decay: decay, beta: beta, specification)]
    }
    function.checkByDifferences("delta rule", &random)
    function.checkBFloat16(tolerance: 5e-2, "seed \(random.seed) delta rule")
  }

  @Test func selectiveScan() {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let logRate = weights.parameter(random.normals(20 * 3), [20, 3])
    let firstKeys = Self.firstKeys(weights.arena)
    let inputs = [
      input([22, 20], &random), input([22, 20], &random), input([22, 3], &random), input([22, 3], &random),
    ]
    let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
      let step = tape.map(x[1], .softplus, as: .float32)
      return [
        tape.selectiveScan(
          x[0], step: step, logRate: logRate, key: x[2], query: x[3], sequences: 2, length: 11, firstKeys: firstKeys)
      ]
    }
    function.checkByDifferences("selective scan", &random)
    function.checkBFloat16("seed \(random.seed) selective scan")
  }

  @Test(arguments: [false, true]) func convolution(hasSiLU: Bool) {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let weight = weights.parameter(random.normals(20 * 4), [20, 1, 4])
    let bias = weights.parameter(random.normals(20), [20])
    let firstKeys = Self.firstKeys(weights.arena)
    let function = DifferentiableFunction(weights: weights, inputs: [input([22, 20], &random)], seed: random.next()) {
      [
        $0.convolution(
          $1[0], weight: weight, bias: bias, sequences: 2, length: 11, hasSiLU: hasSiLU, firstKeys: firstKeys)
      ]
    }
    function.checkByDifferences("convolution", &random)
    function.checkBFloat16("seed \(random.seed) convolution")
  }

  @Test(arguments: PointFunction.allCases.filter { $0 != .relu && $0 != .logOneMinus }) func map(_ function: PointFunction) {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let bias = weights.parameter(random.normals(7), [7])
    let inputs = [input([70, 7], &random), input([70, 7], &random)]
    let mapped = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
      [tape.map(x[0], function, bias: bias, factor: 0.5, as: .float32), tape.gate(x[0], by: x[1], function)]
    }
    mapped.checkByDifferences("\(function)", &random)
    mapped.checkBFloat16("seed \(random.seed) \(function)")
  }

  @Test func logarithmOfWhatIsLeft() {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let range = weights.parameter(random.normals(7), [7])
    let mapped = DifferentiableFunction(weights: weights, inputs: [input([20, 7], &random)], seed: random.next()) {
      let share = $0.scaleColumns($0.map($1[0], .sigmoid, as: .float32), by: range, factor: .sigmoid)
      return [$0.map(share, .logOneMinus, as: .float32)]
    }
    mapped.checkByDifferences("log(1 - x)", &random)
  }

  @Test func columnsAndHeads() {
    var random = TestRandom()
    let weights = TestWeights(random: &random)
    let wide = weights.parameter(random.normals(12), [12])
    let narrow = weights.parameter(random.normals(3), [3])
    let inputs = [input([9, 12], &random), input([9, 12], &random), input([9, 3], &random)]
    let function = DifferentiableFunction(weights: weights, inputs: inputs, seed: random.next()) { tape, x in
      let parts = tape.split(x[0], [5, 4])
      let scale = tape.map(x[2], .sigmoid, as: .float32)
      return [
        tape.scaleColumns(x[0], by: wide, plus: x[1]), tape.scaleColumns(x[0], by: narrow, factor: .negativeExp),
        tape.scaleHeads(x[1], by: scale), tape.concatenate([parts[1], x[1]]),
        tape.headNorm(x[0], weight: narrow.master, gradient: narrow.gradient, epsilon: 1e-5),
      ]
    }
    function.checkByDifferences("columns and heads", &random)
    function.checkBFloat16("seed \(random.seed) columns and heads")
  }
}
