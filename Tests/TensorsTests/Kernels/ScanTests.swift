import CKernels
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// The recurrences against their references in double, one token after another.
  @Suite struct Scans {
    @Test func linearRecurrence() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (length, rows, lanes, heads, share) in [
          (1, 1, 1, 1, 1), (7, 5, 3, 2, 2), (33, 16, 33, 4, 2), (70, 24, 64, 3, 1), (100, 9, 40, 4, 4),
        ] {
          for axis in [APUS_DECAY_NONE, APUS_DECAY_HEAD, APUS_DECAY_ROWS, APUS_DECAY_LANES] {
            for order in [APUS_READ_AFTER, APUS_READ_DECAYED, APUS_READ_LAST] {
              for reverse in [false, true] {
                let dtype = Bool.random(using: &random) ? APUS_F32 : APUS_BF16
                checkScan((length, rows, lanes, heads, share), axis, order, reverse: reverse, dtype, &random)
              }
            }
          }
        }
      }
    }

    @Test func deltaRule() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for shape in [(1, 1, 1, 1, 1), (9, 5, 3, 2, 2), (65, 16, 33, 4, 2), (70, 30, 64, 3, 1)] {
          for ofRows in [false, true] {
            for reverse in [false, true] {
              for dtype in [APUS_F32, APUS_BF16] { checkDelta(shape, ofRows: ofRows, reverse: reverse, dtype, &random) }
            }
          }
        }
      }
    }

    @Test func selectiveScan() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (length, channels, states) in [(1, 1, 1), (5, 17, 3), (70, 40, 6), (33, 300, 2)] {
          for dtype in [APUS_F32, APUS_BF16] { checkSelectiveScan(length, channels, states, dtype, &random) }
        }
      }
    }
  }
}

private func checkSelectiveScan(
  _ length: Int, _ channels: Int, _ states: Int, _ dtype: apus_dtype, _ random: inout TestRandom
) {
  let tokens = 2 * length
  let x = Buffer.input(random.normals(tokens * channels), dtype)
  let d = Buffer.input(random.normals(tokens * channels), dtype)
  let b = Buffer.input(random.normals(tokens * states), dtype)
  let c = Buffer.input(random.normals(tokens * states), dtype)
  let step = Buffer.input((0..<tokens * channels).map { _ in Float.random(in: 0...2, using: &random) })
  let a = Buffer.input((0..<channels * states).map { _ in -Float.random(in: 0.01...20, using: &random) })
  let first = documents(length, &random)
  let before = random.normals(2 * channels * states)
  func scan(_ state: Buffer?) -> apus_selective_scan {
    apus_selective_scan(
      sequences: 2, length: Int64(length), channels: Int64(channels), states: Int64(states), x: UnsafeRawPointer(x.raw),
      b: UnsafeRawPointer(b.raw), c: UnsafeRawPointer(c.raw), step: UnsafePointer(step.floats), a: UnsafePointer(a.floats),
      dtype: dtype, first: first?.pointer, state: state?.floats)
  }
  func run(_ function: (UnsafePointer<apus_selective_scan>?, UnsafeMutableRawPointer?) -> Void) -> [Buffer] {
    let y = Buffer.output(tokens * channels, dtype)
    let state = Buffer.inOut(before)
    var kernel = scan(state)
    function(&kernel, y.raw)
    return [y, state]
  }
  let expected = run(apus_selective_scan_reference)
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) selective scan [\(length), \(channels), \(states)] \(dtype)"
    for (actual, expected) in zip(run(apus_selective_scan_forward), expected) {
      compare(actual, expected, Tolerance(absolute: 1e-5, relative: 1e-5), label)
    }
    var bits: [[UInt8]] = []
    for threads in [1, 3] {
      InstructionSet.setThreads(threads)
      let outputs = [
        Buffer.output(tokens * channels, dtype), .output(tokens * channels), .output(tokens * states, dtype),
        .output(tokens * states, dtype), .inOut(Array(repeating: 0, count: channels * states)),
      ]
      var kernel = scan(nil)
      apus_selective_scan_backward(
        &kernel, d.raw, outputs[0].raw, outputs[1].floats, outputs[2].raw, outputs[3].raw, outputs[4].floats)
      if bits.isEmpty { bits = outputs.map(\.bytes) }
      #expect(bits == outputs.map(\.bytes) && outputs.allSatisfy { $0.firstOverwritten == nil }, "\(label)")
    }
  }
}

/// Lengths, rows, lanes, heads and how many of them have a key together.
private typealias Shape = (length: Int, rows: Int, lanes: Int, heads: Int, share: Int)

/// Documents of random lengths in two sequences, as their tokens' first tokens; nil: none.
private func documents(_ length: Int, _ random: inout TestRandom) -> IntegerBuffer? {
  guard Bool.random(using: &random) else { return nil }
  var firsts: [Int32] = []
  for _ in 0..<2 {
    var first = 0
    for token in 0..<length {
      if token > 0, Int.random(in: 0..<6, using: &random) == 0 { first = token }
      firsts.append(Int32(first))
    }
  }
  return IntegerBuffer(firsts)
}

/// Numbers from 0 to 1, some of them tiny and some 0.
private func decays(_ count: Int, _ random: inout TestRandom) -> Buffer {
  .input((0..<count).map { _ in [0, 1e-30, 0.3, 0.9, 0.99, 1][Int.random(in: 0..<6, using: &random)] })
}

private func checkScan(
  _ s: Shape, _ axis: apus_decay_axis, _ order: apus_read_order, reverse: Bool, _ dtype: apus_dtype,
  _ random: inout TestRandom
) {
  let tokens = 2 * s.length
  let results = s.heads / s.share
  let isAccumulated = dtype == APUS_F32 && Bool.random(using: &random)
  let hasState = !reverse && Bool.random(using: &random)
  let ofLanes = Bool.random(using: &random)
  let read = Buffer.input(random.normals(tokens * s.heads * s.rows), dtype)
  let row = Buffer.input(random.normals(tokens * s.heads * s.rows), dtype)
  let lane = Buffer.input(random.normals(tokens * results * s.lanes))
  let decay = decays(tokens * s.heads * max(s.rows, s.lanes), &random)
  let first = documents(s.length, &random)
  let width = Int(apus_scan_product_width(Int64(s.lanes), ofLanes))
  let values = (
    out: random.normals(tokens * results * s.lanes), state: random.normals(2 * s.heads * s.rows * s.lanes),
    products: random.normals(tokens * s.heads * width)
  )
  func run(_ function: (UnsafePointer<apus_scan>?) -> Void) -> [Buffer] {
    let out = isAccumulated ? Buffer.inOut(values.out) : Buffer.output(values.out.count, dtype)
    let (state, products) = (Buffer.inOut(values.state), Buffer.inOut(values.products))
    func vectors(_ buffer: Buffer, _ width: Int, share: Int, _ factor: Float) -> apus_head_vectors {
      apus_head_vectors(
        data: UnsafeRawPointer(buffer.raw), dtype: buffer.dtype, stride: Int64(s.heads / share * width), share: Int64(share),
        factor: factor)
    }
    var scan = apus_scan(
      sequences: 2, length: Int64(s.length), heads: Int64(s.heads), rows: Int64(s.rows), lanes: Int64(s.lanes),
      read: vectors(read, s.rows, share: 1, 0.5), row: vectors(row, s.rows, share: 1, 1),
      lane: vectors(lane, s.lanes, share: s.share, 2), decay: UnsafePointer(decay.floats), decay_axis: axis, order: order,
      reverse: reverse, first: first?.pointer, out: out.raw, out_dtype: out.dtype,
      out_stride: Int64(results * s.lanes), out_share: Int64(s.share), out_factor: 0.5, accumulate: isAccumulated,
      state: hasState ? state.floats : nil, products: products.floats, reference: vectors(lane, s.lanes, share: s.share, 1),
      product_factor: -1, products_of_lanes: ofLanes)
    function(&scan)
    return [out, state, products]
  }
  let expected = run(apus_scan_reference)
  let size = Double(s.rows * s.length).squareRoot()
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) scan \(s) \(axis) \(order) reverse \(reverse) \(dtype)"
    var bits: [[UInt8]] = []
    for threads in [1, 3] {
      InstructionSet.setThreads(threads)
      let actual = run(apus_scan_run)
      for (a, e) in zip(actual, expected) { compare(a, e, Tolerance(absolute: 4e-6 * size * 8, relative: 2e-6), label) }
      if bits.isEmpty { bits = actual.map(\.bytes) }
      #expect(bits == actual.map(\.bytes), "\(label) with \(threads) threads")
    }
  }
}

private func checkDelta(
  _ s: Shape, ofRows: Bool, reverse: Bool, _ dtype: apus_dtype, _ random: inout TestRandom
) {
  let tokens = 2 * s.length
  let keys = s.heads / s.share * s.rows
  // Keys of length 1 and less, as the rule wants them; else answers grow without bound.
  let shrink = 1 / Float(s.rows).squareRoot() / 2
  let q = Buffer.input(random.normals(tokens * keys), dtype)
  let k = Buffer.input(random.normals(tokens * keys, scale: shrink), dtype)
  let v = Buffer.input(random.normals(tokens * s.heads * s.lanes), dtype)
  let beta = Buffer.input((0..<tokens * s.heads).map { _ in Float.random(in: 0...1, using: &random) })
  let decay = decays(tokens * s.heads * (ofRows ? s.rows : 1), &random)
  let first = documents(s.length, &random)
  let hasState = !reverse && Bool.random(using: &random)
  let before = random.normals(2 * s.heads * s.rows * s.lanes)
  func run(_ function: (UnsafePointer<apus_delta>?) -> Void) -> [Buffer] {
    let out = Buffer.output(tokens * s.heads * s.lanes, dtype)
    let w = Buffer.output(tokens * s.heads * s.lanes)
    let state = Buffer.inOut(before)
    func vectors(_ buffer: Buffer, _ stride: Int, share: Int, _ factor: Float) -> apus_head_vectors {
      apus_head_vectors(
        data: UnsafeRawPointer(buffer.raw), dtype: dtype, stride: Int64(stride), share: Int64(share), factor: factor)
    }
    var delta = apus_delta(
      sequences: 2, length: Int64(s.length), heads: Int64(s.heads), key_dim: Int64(s.rows), value_dim: Int64(s.lanes),
      q: vectors(q, keys, share: s.share, 1), k: vectors(k, keys, share: s.share, 1),
      v: vectors(v, s.heads * s.lanes, share: 1, 0.5), beta: UnsafePointer(beta.floats),
      decay: UnsafePointer(decay.floats), decay_of_rows: ofRows, reverse: reverse, first: first?.pointer,
      out: reverse ? nil : out.raw, out_dtype: dtype, out_stride: Int64(s.heads * s.lanes), out_factor: 0.5, w: w.floats,
      state: hasState ? state.floats : nil)
    function(&delta)
    return [out, w, state]
  }
  let expected = run(apus_delta_reference)
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) delta \(s) rows \(ofRows) reverse \(reverse) \(dtype)"
    var bits: [[UInt8]] = []
    for threads in [1, 3] {
      InstructionSet.setThreads(threads)
      let actual = run(apus_delta_run)
      for (a, e) in zip(actual, expected) {
        compare(a, e, Tolerance(absolute: 1e-5 * Double(s.rows).squareRoot(), relative: 1e-5), label)
      }
      if bits.isEmpty { bits = actual.map(\.bytes) }
      #expect(bits == actual.map(\.bytes), "\(label) with \(threads) threads")
    }
  }
}
