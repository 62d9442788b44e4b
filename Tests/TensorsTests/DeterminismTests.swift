import CKernels
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// The same bits for every number of threads and in every run, in each variant.
  @Suite struct Determinism {
    @Test func kernels() async {
      await #expect(processExitsWith: .success) {
        let random = TestRandom()
        inEachVariant { variant in
          var first: [(name: String, bytes: [UInt8])] = []
          for threads in [1, 2, 3, 4, 4] {
            InstructionSet.setThreads(threads)
            var again = random
            let results = kernelResults(&again)
            if first.isEmpty { first = results }
            for (a, b) in zip(first, results) {
              #expect(a.bytes == b.bytes, "seed \(random.seed) \(variant) \(a.name) with \(threads) threads")
            }
          }
        }
      }
    }

    @Test func forwardAndBackward() async {
      await #expect(processExitsWith: .success) {
        let random = TestRandom()
        for compute in [DType.float32, .bfloat16] {
          inEachVariant { variant in
            var first: [UInt32] = []
            for threads in [1, 2, 3, 4, 4] {
              InstructionSet.setThreads(threads)
              var again = random
              let bits = blockBits(compute, &again)
              if first.isEmpty { first = bits }
              #expect(first == bits, "seed \(random.seed) \(variant) block in \(compute) with \(threads) threads")
            }
          }
        }
      }
    }

    /// Every task runs once, whichever number of threads there is, and work inside a task runs too.
    @Test func pool() async {
      await #expect(processExitsWith: .success) {
        for threads in [1, 2, 5, 256, 3] {
          InstructionSet.setThreads(threads)
          #expect(InstructionSet.threads == threads)
          for count in [0, 1, 7, 1000, 20000, 20001] {
            var runs = [UInt8](repeating: 0, count: count * 4 + 1)
            runs.withUnsafeMutableBufferPointer { runs in
              apus_parallel(
                Int64(count),
                { context, task, _ in
                  guard let bytes = context?.assumingMemoryBound(to: UInt8.self) else { return }
                  apus_parallel(
                    4, { context, inner, _ in context?.assumingMemoryBound(to: UInt8.self)[Int(inner)] += 1 },
                    bytes + Int(task) * 4)
                }, runs.baseAddress)
            }
            #expect(runs.dropLast().allSatisfy { $0 == 1 } && runs.last == 0, "\(threads) threads, \(count) tasks")
          }
        }
      }
    }

    /// Every piece is read once, however stretches move from one time to the next, and memory that is gone does no harm.
    @Test func reading() async {
      await #expect(processExitsWith: .success) {
        for threads in [1, 2, 5, 256, 3] {
          InstructionSet.setThreads(threads)
          for count in [0, 1, 2, 5, 64, 1001] {
            for round in 0..<40 {
              let memory = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16 + round, alignment: 64)
              defer { memory.deallocate() }
              let second = round % 2 == 0 ? nil : UnsafeRawPointer(memory)
              let each = apus_reading(memory: (UnsafeRawPointer(memory), second), bytes: (48, Int64(round % 2)))
              var runs = [UInt8](repeating: 0, count: count + 1)
              runs.withUnsafeMutableBufferPointer { runs in
                apus_parallel_reading(
                  each, Int64(count),
                  { context, piece, _ in context?.assumingMemoryBound(to: UInt8.self)[Int(piece)] += 1 }, runs.baseAddress)
              }
              #expect(runs.dropLast().allSatisfy { $0 == 1 } && runs.last == 0, "\(threads) threads, \(count) pieces")
            }
          }
        }
      }
    }
  }
}

private func blockBits(_ compute: DType, _ random: inout TestRandom) -> [UInt32] {
  let block = TestBlock(sequences: 3, length: 90, &random)
  let x = input([block.tokens, 16], &random)
  let execution = Execution(compute: compute)
  block.weights.resetGradients()
  var tape = Tape(execution)
  let variable = tape.variable(Tensor(x.values, shape: x.shape, dtype: compute, in: execution.arena))
  let result = block.loss(variable, recomputing: false, on: &tape)
  let gradient = tape.backward(from: result.gradients, to: [variable])[0]
  return block.weights.gradientBits + (gradient?.toFloats().map(\.bitPattern) ?? [])
    + [UInt32(truncatingIfNeeded: result.loss.bitPattern), UInt32(result.loss.bitPattern >> 32)]
}

/// One call of every kernel, each with enough work for several threads.
private func kernelResults(_ random: inout TestRandom) -> [(name: String, bytes: [UInt8])] {
  var results: [(name: String, bytes: [UInt8])] = []
  func keep(_ name: String, _ buffers: Buffer...) { results.append((name, buffers.flatMap(\.bytes))) }

  for compute in [APUS_F32, APUS_BF16] {
    for (rows, columns, depth) in [(130, 140, 65), (70, 33, 300), (900, 9, 700)] {
      let left = Buffer.input(random.normals(rows * depth), compute)
      let right = Buffer.input(random.normals(depth * columns))
      let bytes = apus_gemm_packed_bytes(compute, Int64(depth), Int64(columns))
      let packed = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      defer { packed.deallocate() }
      apus_gemm_pack(
        compute, Int64(depth), Int64(columns),
        apus_matrix(data: right.raw, dtype: APUS_F32, row_stride: Int64(columns), column_stride: 1), packed)
      let output = Buffer.output(rows * columns)
      apus_gemm(
        compute, Int64(rows), Int64(columns), Int64(depth),
        apus_matrix(data: left.raw, dtype: compute, row_stride: Int64(depth), column_stride: 1), packed, output.raw,
        APUS_F32, Int64(columns), false, 1)
      keep("gemm", output)
    }
  }
  for dtype in [APUS_F32, APUS_BF16] {
    let (rows, columns) = (300, 50)
    let count = rows * columns
    let x = Buffer.input(random.normals(count), dtype)
    let d = Buffer.input(random.normals(count), dtype)
    let weight = Buffer.input(random.normals(columns))
    let bias = Buffer.input(random.normals(columns))
    func output(_ count: Int) -> Buffer { .output(count, dtype) }
    func sums() -> Buffer { .inOut(Array(repeating: 0, count: columns)) }
    let (m, n) = (Int64(rows), Int64(columns))

    for onePlus in [false, true] {
      let rms = (output(count), output(count), Buffer.output(rows), output(count), sums())
      apus_rms_norm(m, n, x.raw, d.raw, weight.floats, onePlus, 1e-5, rms.0.raw, rms.1.raw, rms.2.floats, dtype)
      apus_rms_norm_backward(
        m, n, rms.0.raw, weight.floats, onePlus, rms.2.floats, d.raw, x.raw, rms.3.raw, rms.4.floats, dtype)
      keep("RMSNorm", rms.0, rms.1, rms.2, rms.3, rms.4)

      let head = (output(count), Buffer.output(rows * 5), output(count), sums())
      apus_head_norm(m, 5, 10, n, x.raw, weight.floats, onePlus, 1e-5, head.0.raw, head.1.floats, dtype)
      apus_head_norm_backward(
        m, 5, 10, n, x.raw, weight.floats, onePlus, head.1.floats, d.raw, head.2.raw, head.3.floats, dtype)
      keep("head norm", head.0, head.1, head.2, head.3)
    }

    let layer = (output(count), Buffer.output(rows * 2), output(count), sums(), sums())
    let added = output(count)
    apus_layer_norm(
      m, n, x.raw, d.raw, weight.floats, bias.floats, 1e-5, added.raw, layer.0.raw, layer.1.floats, dtype)
    apus_layer_norm_backward(
      m, n, added.raw, weight.floats, layer.1.floats, d.raw, x.raw, layer.2.raw, layer.3.floats, layer.4.floats, dtype)
    keep("LayerNorm", added, layer.0, layer.1, layer.2, layer.3, layer.4)

    let biased = (Buffer.inOut(x.doubles.map { Float($0) }, dtype), sums())
    apus_add_bias(m, n, biased.0.raw, bias.floats, dtype)
    apus_bias_backward(m, n, d.raw, biased.1.floats, dtype)
    keep("bias", biased.0, biased.1)

    let positions = IntegerBuffer((0..<Int32(rows)).map { $0 % 7 })
    let turned = Buffer.inOut(x.doubles.map { Float($0) }, dtype)
    let angles = Buffer.input(random.normals(70))
    apus_rotary(m, 5, 10, 10, n, turned.raw, positions.pointer, angles.floats, false, false, dtype)
    keep("rotary", turned)

    let swiGLU = (output(count / 2), output(count))
    apus_swiglu(m, n / 2, x.raw, swiGLU.0.raw, dtype)
    apus_swiglu_backward(m, n / 2, x.raw, d.raw, swiGLU.1.raw, dtype)
    keep("SwiGLU", swiGLU.0, swiGLU.1)
    let geGLU = (output(count / 2), output(count))
    apus_geglu(m, n / 2, x.raw, geGLU.0.raw, dtype)
    apus_geglu_backward(m, n / 2, x.raw, d.raw, geGLU.1.raw, dtype)
    keep("GEGLU", geGLU.0, geGLU.1)
    let gelu = (output(count), output(count), output(count), Buffer.output(count))
    apus_gelu(Int64(count), x.raw, gelu.0.raw, dtype)
    apus_gelu_backward(Int64(count), x.raw, d.raw, gelu.1.raw, dtype)
    apus_add(Int64(count), x.raw, d.raw, gelu.2.raw, dtype)
    apus_convert(Int64(count), x.raw, dtype, gelu.3.raw, APUS_F32)
    keep("elementwise", gelu.0, gelu.1, gelu.2, gelu.3)

    // Wide enough for several blocks of columns.
    let ids = IntegerBuffer((0..<50).map { $0 * 7 % 5 })
    let table = Buffer.inOut(random.normals(5 * 300))
    let embedded = output(50 * 300)
    apus_embedding(50, 300, ids.pointer, table.floats, 3, embedded.raw, dtype)
    apus_embedding_backward(50, 300, ids.pointer, x.raw, 3, table.floats, dtype)
    keep("embedding", embedded, table)

    let length = 100
    let qkv = Buffer.input(random.normals(2 * length * 8 * 24), dtype)
    let stride: Int64 = 8 * 24
    let size = Buffer.size(dtype)
    let (k, v) = (4 * 24 * size, 6 * 24 * size)
    let sinks = Buffer.input(random.normals(4))
    for isSpecial in [false, true] {
      let attention = (output(2 * length * 4 * 24), Buffer.output(2 * length * 4), output(qkv.count))
      let sinkGradient = Buffer.inOut([0, 0, 0, 0])
      var s = apus_attention()
      (s.sequences, s.query_length, s.key_length, s.heads, s.kv_heads) = (2, Int64(length), Int64(length), 4, 2)
      (s.head_dim, s.value_dim, s.q_stride, s.k_stride, s.v_stride) = (24, 24, stride, stride, stride)
      (s.out_stride, s.dtype, s.compute, s.scale, s.causal) = (4 * 24, dtype, dtype, 0.2, true)
      if isSpecial { (s.window, s.kept, s.soft_cap, s.sinks) = (9, 2, 4, UnsafePointer(sinks.floats)) }
      apus_attention_forward(
        &s, qkv.raw, qkv.raw + k, qkv.raw + v, attention.0.raw, attention.1.floats)
      apus_attention_backward(
        &s, qkv.raw, qkv.raw + k, qkv.raw + v, attention.0.raw, attention.1.floats, attention.0.raw, attention.2.raw,
        attention.2.raw + k, attention.2.raw + v)
      if isSpecial {
        apus_attention_sink_gradient(
          &s, attention.0.raw, attention.1.floats, attention.0.raw, sinkGradient.floats)
      }
      keep(isSpecial ? "special attention" : "attention", attention.0, attention.1, attention.2, sinkGradient)
    }
  }
  // Several blocks of rows and of columns.
  let (rows, columns, width) = (290, 1111, 20)
  let hidden = Buffer.input(random.normals(rows * width), APUS_BF16)
  let weights = Buffer.input(random.normals(columns * width))
  let targets = IntegerBuffer((0..<Int32(rows)).map { $0 - 2 })
  let head = (0..<3).map { _ in Buffer.output(rows) }
  let exponentials = Buffer.output(rows * columns, APUS_BF16)
  let (m, n, w) = (Int64(rows), Int64(columns), Int64(width))
  let blockLargest = Buffer.output(rows * Int(apus_head_blocks(n)))
  let bytes = apus_gemm_packed_bytes(APUS_BF16, w, n)
  let packed = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
  defer { packed.deallocate() }
  apus_gemm_pack(
    APUS_BF16, w, n, apus_matrix(data: weights.raw, dtype: APUS_F32, row_stride: 1, column_stride: w), packed)
  apus_head(
    APUS_BF16, m, n, w, apus_matrix(data: hidden.raw, dtype: APUS_BF16, row_stride: w, column_stride: 1), packed,
    apus_matrix(), targets.pointer, exponentials.raw, n, APUS_BF16, blockLargest.floats, 7, head[0].floats,
    head[1].floats, head[2].floats)
  apus_head_gradient(
    m, n, exponentials.raw, n, APUS_BF16, blockLargest.floats, 7, targets.pointer, head[0].floats,
    head[1].floats, head[1].floats, head[2].floats)
  keep("head", head[0], head[1], head[2], exponentials)

  let count = 65536 * 2 + 5
  let state = (0..<3).map { _ in Buffer.inOut(random.normals(count).map(\.magnitude)) }
  let gradient = Buffer.input(random.normals(count))
  apus_adamw(
    Int64(count), state[0].floats, gradient.floats, state[1].floats, state[2].floats,
    apus_adamw_scalars(
      learning_rate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1, correction1: 0.5,
      correction2: 0.5, gradient_scale: 1))
  keep("AdamW", state[0], state[1], state[2])
  withUnsafeBytes(of: apus_sum_of_squares(Int64(count), gradient.floats)) {
    results.append(("sum of squares", Array($0)))
  }
  return results
}
