import CKernels
import Tensors
import Testing

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
        for payload in [UInt32(0x7fc0_0000), 0x7fc0_0001, 0xffff_ffff] {
          let place = Int.random(in: 0..<length, using: &random)
          inEachVariant { variant in
            let outputs = [false, true].map { isPoisoned in
              var values = values
              if isPoisoned { values[place * 3 * dimension + 5] = Float(bitPattern: payload) }
              let input = Buffer.input(values)
              let output = Buffer.output(length * dimension)
              let logSumExp = Buffer.output(length)
              let stride = Int64(3 * dimension)
              var s = apus_attention(
                sequences: 1, query_length: Int64(length), key_length: Int64(length), heads: 1, kv_heads: 1,
                head_dim: Int64(dimension), value_dim: Int64(dimension), q_stride: stride, k_stride: stride,
                v_stride: stride, out_stride: Int64(dimension), dtype: APUS_F32, compute: APUS_F32, scale: 0.2,
                causal: true, window: 0, first_key: nil)
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
}

struct AttentionCase {
  static let shapes = [
    AttentionShape(queries: 1, keys: 1, dimension: 16),
    AttentionShape(sequences: 2, queries: 70, keys: 70, heads: 4, keyValueHeads: 2, dimension: 16),
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

  let shape: AttentionShape
  let dtype, compute: apus_dtype
  private let specification: apus_attention
  private let firstKeys: IntegerBuffer?
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
    specification = apus_attention(
      sequences: Int64(shape.sequences), query_length: Int64(shape.queries), key_length: Int64(shape.keys),
      heads: Int64(shape.heads), kv_heads: Int64(shape.keyValueHeads), head_dim: Int64(shape.dimension),
      value_dim: Int64(valueDimension), q_stride: Int64(strides[0]), k_stride: Int64(strides[1]),
      v_stride: Int64(strides[2]), out_stride: Int64(outputStride), dtype: dtype, compute: compute,
      scale: 1 / Float(shape.dimension).squareRoot(), causal: shape.causal, window: Int64(shape.window),
      first_key: firstKeys?.pointer)
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
