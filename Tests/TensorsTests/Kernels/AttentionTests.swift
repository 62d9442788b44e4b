import CKernels
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Attention {
    @Test func float32() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for shape in AttentionCase.shapes {
          AttentionCase(shape: shape, dtype: APUS_F32, compute: APUS_F32, &random).check(seed: random.seed)
        }
      }
    }

    /// Caps, biases, sinks, chunks, kept keys, chosen blocks.
    @Test func special() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for shape in AttentionCase.specialShapes {
          AttentionCase(shape: shape, dtype: APUS_F32, compute: APUS_F32, &random).check(seed: random.seed)
          AttentionCase(shape: shape, dtype: APUS_BF16, compute: APUS_BF16, &random).check(seed: random.seed)
        }
      }
    }

    @Test func bfloat16() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for shape in AttentionCase.shapes {
          AttentionCase(shape: shape, dtype: APUS_BF16, compute: APUS_BF16, &random).check(seed: random.seed)
        }
      }
    }

    @Test func mixedTypes() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for shape in AttentionCase.shapes.shuffled(using: &random).prefix(6) {
          AttentionCase(shape: shape, dtype: APUS_F32, compute: APUS_BF16, &random).check(seed: random.seed)
          AttentionCase(shape: shape, dtype: APUS_BF16, compute: APUS_F32, &random).check(seed: random.seed)
        }
      }
    }

    /// A NaN of any payload in a query shows in what that query's head gives, and nowhere else.
    @Test func notANumber() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let (length, dimension) = (70, 24)
        let values = random.normals(3 * length * dimension)
        for (payload, isSpecial) in [(UInt32(0x7fc0_0000), false), (0x7fc0_0001, true), (0xffff_ffff, false)] {
          let place = Int.random(in: 0..<length, using: &random)
          inEachVariant { variant in
            let outputs = [false, true].map { isPoisoned in
              var values = values
              if isPoisoned { values[place * 3 * dimension + 5] = Float(bitPattern: payload) }
              let input = Buffer.input(values)
              let output = Buffer.output(length * dimension)
              let logSumExp = Buffer.output(length)
              let stride = Int64(3 * dimension)
              var s = apus_attention()
              (s.sequences, s.query_length, s.key_length) = (1, Int64(length), Int64(length))
              (s.heads, s.kv_heads, s.head_dim, s.value_dim) = (1, 1, Int64(dimension), Int64(dimension))
              (s.q_stride, s.k_stride, s.v_stride, s.out_stride) = (stride, stride, stride, Int64(dimension))
              (s.dtype, s.compute, s.scale, s.causal) = (APUS_F32, APUS_F32, 0.2, true)
              (s.soft_cap, s.kept) = isSpecial ? (3, 1) : (0, 0)
              apus_attention_forward(
                &s, input.raw, input.raw + dimension * 4, input.raw + dimension * 8, output.raw, logSumExp.floats)
              return (output, logSumExp)
            }
            let (clean, poisoned) = (outputs[0], outputs[1])
            let label = "seed \(random.seed) \(variant) NaN \(payload) in query \(place)"
            #expect(poisoned.1[place].isNaN && !poisoned.1.isPoison(place), "\(label): log-sum-exp")
            for i in 0..<length * dimension {
              let isRight =
                i / dimension == place
                ? poisoned.0[i].isNaN && !poisoned.0.isPoison(i) : poisoned.0[i] == clean.0[i]
              if !isRight { Issue.record("\(label): element \(i) is \(poisoned.0[i])") }
            }
          }
        }
      }
    }
  }
}

struct AttentionShape {
  var sequences = 1
  var queries: Int
  var keys: Int
  var heads = 2
  var keyValueHeads = 2
  var dimension: Int
  var valueDimension: Int?
  var causal = true
  var window = 0
  enum FirstKeys { case none, documents, someSeeNothing }
  var firstKeys = FirstKeys.none
  /// What makes scores and masks special.
  var chunk = 0
  var kept = 0
  var softCap: Float = 0
  var hasSlopes = false
  var hasSinks = false
  var hasLastKeys = false
  /// Keys of a chosen block; 0: none are chosen.
  var block = 0
}

struct AttentionCase {
  static let shapes = [
    AttentionShape(queries: 1, keys: 1, dimension: 16),
    AttentionShape(sequences: 2, queries: 70, keys: 70, heads: 4, keyValueHeads: 2, dimension: 16),
    // Three heads for two threads: each head's queries are dealt out to two tasks.
    AttentionShape(queries: 300, keys: 333, heads: 6, keyValueHeads: 3, dimension: 24),
    AttentionShape(queries: 33, keys: 33, heads: 3, keyValueHeads: 1, dimension: 24, causal: false),
    AttentionShape(sequences: 2, queries: 5, keys: 133, dimension: 33),
    AttentionShape(queries: 40, keys: 200, heads: 4, keyValueHeads: 1, dimension: 40, valueDimension: 24),
    AttentionShape(sequences: 3, queries: 90, keys: 90, dimension: 48, firstKeys: .documents),
    AttentionShape(queries: 150, keys: 150, keyValueHeads: 1, dimension: 64, window: 17),
    AttentionShape(queries: 40, keys: 140, dimension: 64, causal: false, window: 30),
    AttentionShape(queries: 65, keys: 65, dimension: 128, window: 10, firstKeys: .documents),
    AttentionShape(queries: 129, keys: 129, heads: 6, keyValueHeads: 2, dimension: 96, causal: false),
    AttentionShape(sequences: 2, queries: 77, keys: 77, dimension: 20, firstKeys: .someSeeNothing),
    AttentionShape(queries: 31, keys: 64, dimension: 112, valueDimension: 128, firstKeys: .someSeeNothing),
  ]
  static let specialShapes = [
    AttentionShape(sequences: 2, queries: 90, keys: 90, heads: 4, dimension: 16, softCap: 2),
    AttentionShape(queries: 3, keys: 133, heads: 4, keyValueHeads: 1, dimension: 40, softCap: 50),
    AttentionShape(sequences: 2, queries: 100, keys: 100, dimension: 24, firstKeys: .documents, hasSlopes: true),
    AttentionShape(queries: 70, keys: 70, dimension: 16, causal: false, hasSlopes: true),
    AttentionShape(sequences: 2, queries: 2, keys: 90, heads: 4, keyValueHeads: 2, dimension: 33, hasSlopes: true),
    AttentionShape(sequences: 2, queries: 77, keys: 77, heads: 4, dimension: 20, firstKeys: .someSeeNothing, hasSinks: true),
    AttentionShape(queries: 4, keys: 200, heads: 4, dimension: 64, window: 20, hasSinks: true),
    AttentionShape(queries: 300, keys: 300, heads: 4, dimension: 32, window: 17, kept: 4),
    AttentionShape(sequences: 2, queries: 200, keys: 200, dimension: 16, window: 9, firstKeys: .documents, kept: 3),
    AttentionShape(queries: 1, keys: 200, dimension: 16, window: 30, kept: 70),
    AttentionShape(sequences: 2, queries: 150, keys: 150, dimension: 48, firstKeys: .documents, chunk: 13),
    AttentionShape(queries: 2, keys: 150, dimension: 48, chunk: 64, kept: 1),
    AttentionShape(queries: 66, keys: 130, dimension: 16, causal: false, chunk: 40),
    AttentionShape(sequences: 2, queries: 80, keys: 80, dimension: 16, hasLastKeys: true),
    AttentionShape(sequences: 2, queries: 290, keys: 290, heads: 4, dimension: 16, firstKeys: .documents, block: 16),
    AttentionShape(queries: 70, keys: 300, heads: 4, dimension: 32, window: 200, kept: 2, block: 64),
    AttentionShape(sequences: 2, queries: 3, keys: 300, heads: 4, dimension: 32, hasSinks: true, block: 24),
    AttentionShape(
      sequences: 2, queries: 140, keys: 140, heads: 4, dimension: 24, valueDimension: 40, window: 50,
      firstKeys: .someSeeNothing, chunk: 60, kept: 5, softCap: 3, hasSlopes: true, hasSinks: true, block: 10),
    AttentionShape(
      sequences: 2, queries: 3, keys: 140, heads: 4, dimension: 24, valueDimension: 40, window: 50,
      firstKeys: .someSeeNothing, chunk: 60, kept: 5, softCap: 3, hasSlopes: true, hasSinks: true, hasLastKeys: true,
      block: 10),
  ]

  let shape: AttentionShape
  let dtype, compute: apus_dtype
  private let specification: apus_attention
  private let firstKeys, lastKeys, blocks: IntegerBuffer?
  private let slopes, sinks: Buffer?
  /// Queries, keys and values side by side in one buffer where their lengths agree, each in its own otherwise.
  private let inputs: [Buffer]
  private let offsets: [Int]
  private let outputGradient: Buffer

  init(shape: AttentionShape, dtype: apus_dtype, compute: apus_dtype, _ random: inout TestRandom) {
    self.shape = shape
    self.dtype = dtype
    self.compute = compute
    let valueDimension = shape.valueDimension ?? shape.dimension
    let widths = [
      shape.heads * shape.dimension, shape.keyValueHeads * shape.dimension, shape.keyValueHeads * valueDimension,
    ]
    let slack = Int.random(in: 0...3, using: &random)
    let queryTokens = shape.sequences * shape.queries
    let keyTokens = shape.sequences * shape.keys
    // Numbers that bf16 holds, so that rounding an operand is not counted as an error of the kernel.
    func values(_ count: Int) -> [Float] { random.normals(count).map { BFloat16.float(BFloat16.bits($0)) } }
    let strides: [Int]
    if shape.queries == shape.keys {
      strides = Array(repeating: widths.reduce(slack, +), count: 3)
      inputs = Array(repeating: .input(values(queryTokens * strides[0]), dtype), count: 3)
      offsets = [0, widths[0], widths[0] + widths[1]]
    } else {
      strides = widths.map { $0 + slack }
      inputs = zip(strides, [queryTokens, keyTokens, keyTokens]).map { .input(values($0 * $1), dtype) }
      offsets = [0, 0, 0]
    }
    let outputStride = shape.heads * valueDimension + slack
    outputGradient = .input(values(queryTokens * outputStride), dtype)
    firstKeys = AttentionCase.firstKeys(shape, &random)
    lastKeys =
      shape.hasLastKeys
      ? IntegerBuffer((0..<queryTokens).map { _ in Int32.random(in: -1..<Int32(shape.keys), using: &random) }) : nil
    slopes = shape.hasSlopes ? .input((0..<shape.heads).map { 0.3 / Float($0 + 1) }) : nil
    sinks = shape.hasSinks ? .input(random.normals(shape.heads, scale: 2)) : nil
    // Random blocks; bits beyond the last that there is do no harm.
    let words = shape.block > 0 ? (shape.keys / shape.block + 64) / 64 : 0
    blocks =
      shape.block > 0
      ? IntegerBuffer((0..<queryTokens * shape.heads * words * 2).map { _ in Int32(truncatingIfNeeded: random.next()) })
      : nil
    var s = apus_attention()
    (s.sequences, s.query_length, s.key_length) = (Int64(shape.sequences), Int64(shape.queries), Int64(shape.keys))
    (s.heads, s.kv_heads) = (Int64(shape.heads), Int64(shape.keyValueHeads))
    (s.head_dim, s.value_dim) = (Int64(shape.dimension), Int64(valueDimension))
    (s.q_stride, s.k_stride, s.v_stride) = (Int64(strides[0]), Int64(strides[1]), Int64(strides[2]))
    (s.out_stride, s.dtype, s.compute) = (Int64(outputStride), dtype, compute)
    (s.scale, s.causal, s.window) = (1 / Float(shape.dimension).squareRoot(), shape.causal, Int64(shape.window))
    (s.first_key, s.last_key) = (firstKeys?.pointer, lastKeys?.pointer)
    (s.chunk, s.kept, s.soft_cap) = (Int64(shape.chunk), Int64(shape.kept), shape.softCap)
    (s.slopes, s.sinks) = (slopes.map { UnsafePointer($0.floats) }, sinks.map { UnsafePointer($0.floats) })
    if let blocks { s.blocks = UnsafeRawPointer(blocks.pointer).assumingMemoryBound(to: UInt64.self) }
    (s.block, s.block_words) = (Int64(shape.block), Int64(words))
    specification = s
  }

  private static func firstKeys(_ shape: AttentionShape, _ random: inout TestRandom) -> IntegerBuffer? {
    if shape.firstKeys == .none { return nil }
    var values: [Int32] = []
    for _ in 0..<shape.sequences {
      var first = 0
      for query in 0..<shape.queries {
        let own = query + shape.keys - shape.queries
        if Int.random(in: 0..<20, using: &random) == 0 { first = own }
        let seesNothing = shape.firstKeys == .someSeeNothing && Int.random(in: 0..<4, using: &random) == 0
        values.append(Int32(seesNothing ? own + 1 : first))
      }
    }
    return IntegerBuffer(values)
  }

  func check(seed: UInt64) {
    var s = specification
    let queryTokens = shape.sequences * shape.queries
    func address(_ buffers: [Buffer], _ i: Int) -> UnsafeMutableRawPointer {
      buffers[i].raw + offsets[i] * Buffer.size(dtype)
    }
    func output() -> Buffer { .output(queryTokens * Int(s.out_stride), dtype) }
    func logSumExp() -> Buffer { .output(queryTokens * shape.heads) }
    func gradients() -> [Buffer] {
      shape.queries == shape.keys
        ? Array(repeating: .output(inputs[0].count, dtype), count: 3) : inputs.map { .output($0.count, dtype) }
    }
    let q = address(inputs, 0)
    let k = address(inputs, 1)
    let v = address(inputs, 2)
    let expected = (output: output(), logSumExp: logSumExp(), gradients: gradients())
    apus_attention_forward_reference(&s, q, k, v, expected.output.raw, expected.logSumExp.floats)
    apus_attention_backward_reference(
      &s, q, k, v, expected.output.raw, expected.logSumExp.floats, outputGradient.raw, address(expected.gradients, 0),
      address(expected.gradients, 1), address(expected.gradients, 2))
    let sinkGradient = Buffer.inOut(Array(repeating: 1, count: shape.heads))
    if shape.hasSinks { apus_attention_sink_gradient_reference(&s, q, k, v, outputGradient.raw, sinkGradient.floats) }

    // Probabilities and their gradients are rounded to bf16 on their way into a bf16 product.
    let rounds = compute == APUS_BF16 || dtype == APUS_BF16
    let forward = rounds ? Tolerance(absolute: 0.02, relative: 0.01) : Tolerance(absolute: 1e-5, relative: 1e-5)
    let backward = rounds ? Tolerance(absolute: 0.08, relative: 0.03) : Tolerance(absolute: 1e-4, relative: 1e-4)
    inEachVariant { variant in
      let label =
        "seed \(seed) \(variant) \(dtype == APUS_F32 ? "f32" : "bf16") in "
        + "\(compute == APUS_F32 ? "f32" : "bf16") \(shape)"
      let actual = (output: output(), logSumExp: logSumExp(), gradients: gradients())
      apus_attention_forward(&s, q, k, v, actual.output.raw, actual.logSumExp.floats)
      compare(actual.output, expected.output, forward, "\(label) output")
      compare(actual.logSumExp, expected.logSumExp, Tolerance(absolute: 1e-4, relative: 1e-5), "\(label) log-sum-exp")
      apus_attention_backward(
        &s, q, k, v, expected.output.raw, expected.logSumExp.floats, outputGradient.raw, address(actual.gradients, 0),
        address(actual.gradients, 1), address(actual.gradients, 2))
      if shape.hasSinks {
        let actual = Buffer.inOut(Array(repeating: 1, count: shape.heads))
        apus_attention_sink_gradient(
          &s, expected.output.raw, expected.logSumExp.floats, outputGradient.raw, actual.floats)
        compare(
          actual, sinkGradient, Tolerance(absolute: rounds ? 0.05 : 1e-4, relative: rounds ? 0.01 : 1e-4),
          "\(label) sink gradient")
      }
      for (i, name) in ["query", "key", "value"].enumerated() {
        compare(actual.gradients[i], expected.gradients[i], backward, "\(label) \(name) gradient")
        let written = (0..<inputs[i].count).filter { !expected.gradients[i].isPoison($0) }
        let distance = relativeDistance(
          written.map { actual.gradients[i][$0] }, written.map { expected.gradients[i][$0] })
        #expect(distance < (rounds ? 1e-2 : 1e-5), "\(label) \(name) gradient")
      }
    }
  }
}
