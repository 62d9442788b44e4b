import Tensors
import TestSupport

/// A small transformer block with everything in it: grouped heads, documents, a window, query-key norm, rotary
/// embedding, SwiGLU and the output head.
struct TestBlock {
  let weights: TestWeights
  let tokens: Int
  private let norms: [Parameter]
  private let headNorms: [Parameter]
  private let projection, output, gateUp, down, head: WeightMatrix
  private let positions, table, targets: Tensor
  private let attention: AttentionSpecification
  private let dimension: Int

  init(sequences: Int = 2, length: Int = 7, width: Int = 16, dimension: Int = 6, _ random: inout TestRandom) {
    let weights = TestWeights(random: &random)
    self.weights = weights
    self.dimension = dimension
    tokens = sequences * length
    norms = (0..<3).map { _ in weights.parameter(random.normals(width, scale: 0.3).map { $0 + 1 }, [width]) }
    headNorms = (0..<2).map { _ in weights.parameter(random.normals(dimension, scale: 0.3).map { $0 + 1 }, [dimension])
    }
    let scale = 1 / Float(width).squareRoot()
    projection = weights.matrix([4 * dimension, 2 * dimension, 2 * dimension], width, scale: scale, &random)
    output = weights.matrix([width], 4 * dimension, scale: scale, &random)
    gateUp = weights.matrix([2 * width, 2 * width], width, scale: scale, &random)
    down = weights.matrix([width], 2 * width, scale: scale, &random)
    head = weights.matrix([29], width, scale: scale, &random)
    positions = Tensor((0..<tokens).map { Int32($0 % length) }, in: weights.arena)
    table = rotaryTable(positions: length, dimension: dimension, in: weights.arena)
    targets = Tensor((0..<tokens).map { _ in Int32.random(in: -2..<29, using: &random) }, in: weights.arena)
    let border = length / 2
    let firstKeys = (0..<tokens).map { Int32($0 % length < border ? 0 : border) }
    attention = AttentionSpecification(
      sequences: sequences, queryLength: length, heads: 4, keyValueHeads: 2, headDimension: dimension,
      window: max(3, length / 3), firstKeys: Tensor(firstKeys, shape: [sequences, length], in: weights.arena))
  }

  /// Mean cross-entropy with z-loss from the residual stream `[tokens, width]`.
  func loss(_ x: Variable, recomputing: Bool, on tape: inout Tape) -> DifferentiableFunction.Result {
    let stream = recomputing ? tape.recomputed([x], { layer($1[0], on: &$0) }) : layer(x, on: &tape)
    let hidden = tape.addRMSNorm(stream[0], stream[1], norms[2], epsilon: 1e-5).normed
    let share = 1 / Float(tokens)
    let (results, marker) = tape.outputHead(
      hidden, HeadWeights(head, softCap: 2), targets: targets, gradient: { _, _, z in (-share, 0.02 * share * z) })
    var loss = 0.0
    for t in 0..<tokens {
      let z = Double(results.logSumExp[t])
      loss += Double(share) * (0.01 * z * z - Double(results.logProbabilities[t]))
    }
    return .init(loss: loss, gradients: [(marker, gradient: Tensor([1], shape: [1], in: tape.execution.arena))])
  }

  private func layer(_ x: Variable, on tape: inout Tape) -> [Variable] {
    let first = tape.addRMSNorm(x, nil, norms[0], epsilon: 1e-5)
    var qkv = tape.linear(first.normed, projection)
    qkv = tape.queryKeyNorm(
      qkv, queryWidth: 4 * dimension, keyWidth: 2 * dimension, queryWeight: headNorms[0], keyWeight: headNorms[1],
      epsilon: 1e-6)
    qkv = tape.rotary(
      qkv, heads: RotaryHeads(count: 6, dimension: dimension), positions: positions, table: table)
    let mixed = tape.linear(tape.attention(qkv, attention), output)
    let second = tape.addRMSNorm(first.residual, mixed, norms[1], epsilon: 1e-5)
    return [second.residual, tape.linear(tape.swiGLU(tape.linear(second.normed, gateUp)), down)]
  }
}
