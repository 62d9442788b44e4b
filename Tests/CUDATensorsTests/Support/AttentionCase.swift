import CUDATensors
import Tensors
import Testing
import TestSupport

/// What attention is tried on.
struct AttentionShape {
  var sequences = 1
  var queries: Int
  var keys: Int
  var heads = 2
  var keyValueHeads = 1
  var dimension: Int
  var valueDimension: Int?
  var isCausal = true
  var window: Int?
  enum FirstKeys { case none, documents, someSeeNothing }
  var firstKeys = FirstKeys.none
  var chunk: Int?
  var kept = 0
  var softCap: Float?
  var scale: Float?
  var hasSlopes = false
  var hasSinks = false
  var hasLastKeys = false
  /// Keys of a chosen block; 0: none are chosen.
  var block = 0
  var isForwardOnly = false

  /// Shapes with as few sets of macros as there are things to tell apart: each set is compiled.
  static let plain = [
    AttentionShape(queries: 1, keys: 1, dimension: 64),
    AttentionShape(sequences: 2, queries: 150, keys: 150, heads: 4, keyValueHeads: 2, dimension: 64),
    AttentionShape(queries: 70, keys: 140, heads: 3, dimension: 128),
    AttentionShape(queries: 33, keys: 33, dimension: 80, valueDimension: 48, isCausal: false),
    // Keys are divided among blocks.
    AttentionShape(sequences: 2, queries: 3, keys: 300, heads: 6, keyValueHeads: 2, dimension: 64),
    AttentionShape(queries: 20, keys: 1100, dimension: 64),
    AttentionShape(queries: 45, keys: 45, dimension: 192, valueDimension: 128),
    AttentionShape(queries: 40, keys: 40, dimension: 256),
    // More columns than registers hold.
    AttentionShape(queries: 4, keys: 150, heads: 5, dimension: 296, valueDimension: 520, isForwardOnly: true),
    AttentionShape(queries: 18, keys: 18, dimension: 272, valueDimension: 64),
  ]
  static let special = [
    AttentionShape(sequences: 2, queries: 140, keys: 140, heads: 3, dimension: 64, window: 30, firstKeys: .documents),
    AttentionShape(queries: 40, keys: 140, dimension: 24, isCausal: false, window: 30),
    AttentionShape(sequences: 2, queries: 80, keys: 90, dimension: 32, isCausal: false, hasLastKeys: true),
    AttentionShape(sequences: 2, queries: 77, keys: 77, dimension: 20, firstKeys: .someSeeNothing, hasSinks: true),
    AttentionShape(sequences: 2, queries: 120, keys: 120, dimension: 22, firstKeys: .documents, chunk: 13),
    AttentionShape(queries: 130, keys: 130, dimension: 32, window: 17, kept: 4),
    AttentionShape(queries: 100, keys: 170, heads: 4, keyValueHeads: 2, dimension: 32, window: 90, kept: 2, block: 16),
    AttentionShape(queries: 66, keys: 66, dimension: 40, isCausal: false, softCap: 2, hasSlopes: true),
    AttentionShape(queries: 20, keys: 20, dimension: 48, isCausal: false, scale: -0.3),
    AttentionShape(
      sequences: 2, queries: 140, keys: 140, heads: 4, keyValueHeads: 2, dimension: 23, valueDimension: 37, window: 50,
      firstKeys: .someSeeNothing, chunk: 60, kept: 5, softCap: 3, hasSlopes: true, hasSinks: true, block: 10),
    AttentionShape(
      sequences: 2, queries: 3, keys: 240, heads: 4, keyValueHeads: 2, dimension: 23, valueDimension: 37, window: 150,
      firstKeys: .documents, chunk: 200, kept: 5, softCap: 3, hasSlopes: true, hasSinks: true, hasLastKeys: true,
      block: 10),
    AttentionShape(
      queries: 1, keys: 400, heads: 4, dimension: 23, valueDimension: 37, window: 150, kept: 20, softCap: 5,
      hasSinks: true),
  ]

  /// Compares both backends' results.
  func check(_ dtype: DType, _ compute: DType, _ both: inout BothBackends) {
    let call = AttentionCase(self, dtype, compute, &both)
    let expected = call.run(both.processor), actual = call.run(both.card)
    let label = "\(dtype) in \(compute) \(self)"
    // Probabilities and their gradients are rounded to bf16 on their way into a bf16 product.
    let rounds = dtype == .bfloat16 || compute == .bfloat16
    func compare(_ name: String, _ actual: Tensor, _ expected: Tensor, absolute: Float, relative: Float) {
      both.compare(
        actual, with: expected.toFloats(), absolute: absolute, relative: relative, steps: 2, "\(name) \(label)")
    }
    compare(
      "output", actual.output, expected.output, absolute: rounds ? 0.02 : 1e-5, relative: rounds ? 0.01 : 1e-5)
    compare(
      "log-sum-exp", actual.logSumExp, expected.logSumExp, absolute: rounds ? 0.02 : 1e-5, relative: 1e-5)
    for (i, name) in ["query", "key", "value"].enumerated() where !isForwardOnly {
      compare(
        "\(name) gradient", actual.gradients[i], expected.gradients[i], absolute: rounds ? 0.08 : 1e-4,
        relative: rounds ? 0.03 : 1e-4)
      let (a, e) = (actual.gradients[i].toFloats(), expected.gradients[i].toFloats())
      let distance = zip(a, e).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let size = e.reduce(Float(0)) { $0 + ($1 == AttentionCase.untouched ? 0 : $1 * $1) }
      // Gradients of queries that see hardly more than one key are differences of nearly equal numbers.
      let allowed = rounds ? 1e-4 * size + 4e-6 * Float(e.count) : 1e-10 * size + 1e-12 * Float(e.count)
      #expect(distance <= allowed, "seed \(both.random.seed) \(name) gradient \(label)")
    }
    if let sinks = actual.sinkGradient, let expected = expected.sinkGradient {
      compare("sink gradient", sinks, expected, absolute: rounds ? 0.05 : 1e-4, relative: rounds ? 0.01 : 1e-4)
    }
  }
}

/// Inputs of attention on both sides.
struct AttentionCase {
  /// What elements of gradients are before.
  static let untouched: Float = 1024

  let shape: AttentionShape
  private let compute: DType
  /// Queries, keys and values: side by side in one tensor where their lengths agree, each in its own otherwise.
  private let inputs: [Pair]
  private let columns: AttentionColumns
  private let outputGradient: Pair
  private let firstKeys, lastKeys, slopes, sinks, blocks: Pair?
  private let valueDimension: Int

  init(_ shape: AttentionShape, _ dtype: DType, _ compute: DType, _ both: inout BothBackends) {
    (self.shape, self.compute) = (shape, compute)
    valueDimension = shape.valueDimension ?? shape.dimension
    // Rows that are no multiple of 16 bytes where heads are not.
    let slack = shape.dimension % 8 == 0 ? 8 * Int.random(in: 0...1, using: &both.random) : 1
    let widths = [
      shape.heads * shape.dimension, shape.keyValueHeads * shape.dimension, shape.keyValueHeads * valueDimension,
    ]
    let (queryTokens, keyTokens) = (shape.sequences * shape.queries, shape.sequences * shape.keys)
    // Numbers that bf16 holds, so that rounding an operand is no difference.
    func values(_ rows: Int, _ columns: Int, _ random: inout TestRandom) -> [Float] {
      random.normals(rows * columns).map { BFloat16.float(BFloat16.bits($0)) }
    }
    if shape.queries == shape.keys {
      let width = widths.reduce(slack, +)
      inputs = [both.pair(values(queryTokens, width, &both.random), [queryTokens, width], dtype)]
      columns = AttentionColumns(query: 0, key: widths[0], value: widths[0] + widths[1])
    } else {
      inputs = zip([queryTokens, keyTokens, keyTokens], widths).map {
        both.pair(values($0, $1 + slack, &both.random), [$0, $1 + slack], dtype)
      }
      columns = AttentionColumns()
    }
    let width = shape.heads * valueDimension + slack
    outputGradient = both.pair(values(queryTokens, width, &both.random), [queryTokens, width], dtype)
    let tokens = (0..<queryTokens).map { $0 % shape.queries + shape.keys - shape.queries }
    var first: Int32 = 0
    let firsts = tokens.enumerated().map { i, own -> Int32 in
      if i % shape.queries == 0 { first = 0 }
      if Int.random(in: 0..<20, using: &both.random) == 0 { first = Int32(own) }
      let seesNothing = shape.firstKeys == .someSeeNothing && Int.random(in: 0..<4, using: &both.random) == 0
      return seesNothing ? Int32(own + 1) : first
    }
    firstKeys = shape.firstKeys == .none ? nil : both.pair(firsts)
    let lasts = tokens.map { _ in Int32.random(in: -1..<Int32(shape.keys), using: &both.random) }
    lastKeys = shape.hasLastKeys ? both.pair(lasts) : nil
    slopes = shape.hasSlopes ? both.pair((0..<shape.heads).map { 0.3 / Float($0 + 1) }, [shape.heads]) : nil
    sinks = shape.hasSinks ? both.normals([shape.heads], scale: 2) : nil
    let words = shape.block > 0 ? 2 * ((shape.keys / shape.block + 64) / 64) : 0
    let bits = (0..<shape.heads * queryTokens * words).map { _ in Int32(truncatingIfNeeded: both.random.next()) }
    blocks = shape.block > 0 ? both.pair(bits, [shape.sequences, shape.heads, shape.queries, words]) : nil
  }

  /// Forward and backward on one side.
  func run(_ side: Side) -> (output: Tensor, logSumExp: Tensor, gradients: [Tensor], sinkGradient: Tensor?) {
    var s = AttentionSpecification(
      sequences: shape.sequences, queryLength: shape.queries, keyLength: shape.keys, heads: shape.heads,
      keyValueHeads: shape.keyValueHeads, headDimension: shape.dimension, valueDimension: valueDimension,
      scale: shape.scale, isCausal: shape.isCausal, window: shape.window, firstKeys: side(firstKeys))
    (s.lastKeys, s.chunk, s.keptFirstKeys, s.softCap) = (side(lastKeys), shape.chunk, shape.kept, shape.softCap)
    (s.slopes, s.sinks) = (side(slopes), side(sinks))
    s.chosenBlocks = side(blocks).map { ChosenBlocks(size: shape.block, bits: $0) }
    let tensors = [0, 1, 2].map { side(inputs[inputs.count == 1 ? 0 : $0]) }
    func filled(_ shape: [Int], _ dtype: DType) -> Tensor {
      Tensor([Float](repeating: Self.untouched, count: shape.reduce(1, *)), shape: shape, dtype: dtype, in: side.arena)
    }
    let d = side(outputGradient)
    let output = filled(d.shape, d.dtype)
    let logSumExp = filled([s.sequences, s.heads, s.queryLength], .float32)
    side.backend.attention(
      s, query: tensors[0], key: tensors[1], value: tensors[2], columns: columns, output: output, logSumExp: logSumExp,
      compute: compute)
    if shape.isForwardOnly { return (output, logSumExp, [], nil) }
    let own = inputs.map { filled(side($0).shape, side($0).dtype) }
    let gradients = [0, 1, 2].map { own[inputs.count == 1 ? 0 : $0] }
    side.backend.attentionBackward(
      s, query: tensors[0], key: tensors[1], value: tensors[2], columns: columns, output: output, logSumExp: logSumExp,
      outputGradient: d, queryGradient: gradients[0], keyGradient: gradients[1], valueGradient: gradients[2],
      compute: compute)
    guard s.sinks != nil else { return (output, logSumExp, gradients, nil) }
    let sinkGradient = filled([s.heads], .float32)
    side.backend.attentionSinkGradient(
      s, output: output, logSumExp: logSumExp, outputGradient: d, sinkGradient: sinkGradient)
    return (output, logSumExp, gradients, sinkGradient)
  }
}
