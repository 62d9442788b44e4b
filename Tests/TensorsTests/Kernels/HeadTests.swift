import CKernels
import Foundation
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Head {
    @Test func ordinaryAndExtremeLogits() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, columns) in [(1, 1), (3, 2), (5, 15), (9, 33), (40, 64), (3, 1003), (130, 513)] {
          for kind in LogitKind.allCases { checkHead(rows, columns, kind, &random) }
        }
      }
    }

    /// Weights that are packed a part at a time give the bits of those that were packed before.
    @Test func plainWeights() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let (rows, width, columns) = (37, 40, 8192 + 523)
        let (m, n, w) = (Int64(rows), Int64(columns), Int64(width))
        let weights = Buffer.input(random.normals(columns * width))
        let targets = IntegerBuffer((0..<rows).map { _ in Int32.random(in: 0..<Int32(columns), using: &random) })
        for compute in [APUS_F32, APUS_BF16] {
          let hidden = Buffer.input(random.normals(rows * width), compute)
          inEachVariant { variant in
            let packed = UnsafeMutableRawPointer.allocate(
              byteCount: apus_gemm_packed_bytes(compute, w, n), alignment: 64)
            defer { packed.deallocate() }
            apus_gemm_pack(
              compute, w, n, apus_matrix(data: weights.raw, dtype: APUS_F32, row_stride: 1, column_stride: w), packed)
            let bits = [packed, nil].map { packed in
              let results = (0..<3).map { _ in Buffer.output(rows) }
              let exponentials = Buffer.output(rows * columns, compute)
              let blockLargest = Buffer.output(rows * Int(apus_head_blocks(n)))
              apus_head(
                compute, m, n, w, apus_matrix(data: hidden.raw, dtype: compute, row_stride: w, column_stride: 1),
                packed, apus_matrix(data: weights.raw, dtype: APUS_F32, row_stride: w, column_stride: 1),
                targets.pointer, exponentials.raw, n, compute, blockLargest.floats, 0, results[0].floats,
                results[1].floats, results[2].floats)
              return (results + [exponentials, blockLargest]).map(\.bytes)
            }
            #expect(bits[0] == bits[1], "seed \(random.seed) \(variant) \(compute)")
          }
        }
      }
    }

    /// A NaN of any payload in a row's logits must show in its results, and only there.
    @Test func notANumber() async {
      await #expect(processExitsWith: .success) {
        for payload in [UInt32(0x7fc0_0000), 0x7fc0_0001, 0xffff_ffff] {
          for place in [0, 17, 36] {
            var logits = [Float](repeating: 1, count: 2 * 37)
            logits[place] = Float(bitPattern: payload)
            let case_ = HeadCase(rows: 2, columns: 37, logits: logits, targets: [3, 3])
            inEachVariant { variant in
              for result in case_.forward().results {
                let isRight = result[0].isNaN && !result.isPoison(0) && result[1].isFinite
                #expect(isRight, "\(variant) NaN \(payload) at \(place): \(result.doubles)")
              }
            }
          }
        }
      }
    }
  }
}

private enum LogitKind: CaseIterable {
  case ordinary
  /// Each -80 or 80 with some noise.
  case extreme
  /// Large and close together.
  case far
  /// Ordinary ones, capped.
  case capped
}

/// A head whose weights are the unit matrix, so that its hidden states are the logits.
private struct HeadCase {
  let rows, columns: Int
  let logits: Buffer
  let targets: IntegerBuffer
  let softCap: Float
  private let unit: Buffer

  init(rows: Int, columns: Int, logits: [Float], targets: [Int32], softCap: Float = 0) {
    self.softCap = softCap
    self.rows = rows
    self.columns = columns
    self.logits = .input(logits)
    self.targets = IntegerBuffer(targets)
    unit = .input((0..<columns * columns).map { $0 / columns == $0 % columns ? 1 : 0 })
  }

  /// Elements from one row of exponentials to the next.
  var stride: Int { columns + 3 }

  /// The index without what lies between rows; nil there.
  func place(_ index: Int) -> Int? {
    index % stride < columns ? index / stride * columns + index % stride : nil
  }

  struct Forward {
    /// Log-sum-exp, log-probability, entropy.
    let results: [Buffer]
    let exponentials: Buffer?
    let blockLargest: Buffer
  }

  func forward(entropy: Bool = true, exponentials dtype: apus_dtype? = nil) -> Forward {
    let (m, n) = (Int64(rows), Int64(columns))
    let bytes = apus_gemm_packed_bytes(APUS_F32, n, n)
    let packed = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    defer { packed.deallocate() }
    apus_gemm_pack(
      APUS_F32, n, n, apus_matrix(data: unit.raw, dtype: APUS_F32, row_stride: n, column_stride: 1), packed)
    let results = (0..<3).map { _ in Buffer.output(rows) }
    let exponentials = dtype.map { Buffer.output(rows * stride, $0) }
    let blockLargest = Buffer.output(rows * Int(apus_head_blocks(n)))
    apus_head(
      APUS_F32, m, n, n, apus_matrix(data: logits.raw, dtype: APUS_F32, row_stride: n, column_stride: 1), packed,
      apus_matrix(), targets.pointer, exponentials?.raw, Int64(stride), dtype ?? APUS_F32, blockLargest.floats, softCap,
      results[0].floats, results[1].floats, entropy ? results[2].floats : nil)
    return Forward(results: results, exponentials: exponentials, blockLargest: blockLargest)
  }
}

private func checkHead(_ rows: Int, _ columns: Int, _ kind: LogitKind, _ random: inout TestRandom) {
  let logits = (0..<rows * columns).map { _ -> Float in
    switch kind {
    case .ordinary, .capped: random.normal() * 3
    case .extreme: random.normal() + (Bool.random(using: &random) ? 80 : -80)
    case .far: random.normal() + 1000
    }
  }
  // Every third row or so has no target.
  let targetIDs = (0..<rows).map { _ in
    Int.random(in: 0..<3, using: &random) == 0
      ? Int32.random(in: -100 ... -1, using: &random) : Int32.random(in: 0..<Int32(columns), using: &random)
  }
  let softCap: Float = kind == .capped ? 4 : 0
  let head = HeadCase(rows: rows, columns: columns, logits: logits, targets: targetIDs, softCap: softCap)
  let capped = kind == .capped ? logits.map { softCap * tanhf($0 / softCap) } : logits
  let seen = Buffer.input(capped)
  let byProbability = Buffer.input(random.normals(rows))
  let bySum = Buffer.input(random.normals(rows))
  let (m, n) = (Int64(rows), Int64(columns))
  let expected = (0..<3).map { _ in Buffer.output(rows) }
  apus_log_softmax_reference(
    m, n, n, seen.floats, head.targets.pointer, expected[0].floats, expected[1].floats, expected[2].floats)
  func gradient(_ hasSum: Bool, ofCapped: Bool = false) -> [Double] {
    (0..<rows).flatMap { r in
      let row = (0..<columns).map { Double(capped[r * columns + $0]) }
      let top = row.max() ?? 0
      let total = row.reduce(0) { $0 + exp($1 - top) }
      let d = targetIDs[r] < 0 ? 0 : byProbability[r]
      return row.indices.map { c in
        let p = exp(row[c] - top) / total
        let slope = kind == .capped && !ofCapped ? 1 - pow(row[c] / Double(softCap), 2) : 1
        return slope * (d * ((c == Int(targetIDs[r]) ? 1 : 0) - p) + (hasSum ? bySum[r] * p : 0))
      }
    }
  }
  let gradients = [(true, APUS_F32), (true, APUS_BF16), (false, APUS_F32)].map {
    ($0, $1, gradient($0), gradient($0, ofCapped: true))
  }
  // A float near 1000 has a step of 6e-5.
  let step = kind == .far ? 2e-4 : 2e-5
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) head [\(rows), \(columns)] \(kind)"
    let actual = head.forward().results
    for (i, name) in ["log-sum-exp", "log-probability", "entropy"].enumerated() {
      // The entropy does not depend on the logits' level.
      let absolute = name == "entropy" ? 1e-5 : step
      compare(actual[i], expected[i], Tolerance(absolute: absolute, relative: 1e-6), "\(label) \(name)")
    }
    for (hasSum, dtype, expectedGradient, gradientOfCapped) in gradients {
      let forward = head.forward(entropy: false, exponentials: dtype)
      // Exponentials that are rounded to bf16 are taken less finely, also for the sum.
      if dtype == APUS_F32 {
        #expect(
          forward.results[0].bytes == actual[0].bytes && forward.results[1].bytes == actual[1].bytes,
          "\(label) without entropy")
      }
      compare(forward.results[0], expected[0], Tolerance(absolute: step, relative: 1e-6), "\(label) \(dtype)")
      guard let gradient = forward.exponentials else { return }
      apus_head_gradient(
        m, n, gradient.raw, Int64(head.stride), dtype, forward.blockLargest.floats, softCap, head.targets.pointer,
        expected[0].floats,
        expected[1].floats, byProbability.floats, hasSum ? bySum.floats : nil)
      // In bf16 the exponential is rounded, and its product with the row's factor once more.
      let relative = dtype == APUS_BF16 ? 0x1p-7 : step
      // A capped logit is known to 2^-9 from the rounded exponential, and the slope of the cap, small near it, from that.
      let slopeError = kind == .capped && dtype == APUS_BF16 ? 0x1p-8 / Double(softCap) : 0
      compare(
        gradient, count: rows * head.stride, at: { head.place($0).map { expectedGradient[$0] } },
        {
          let capped = head.place($0).map { gradientOfCapped[$0].magnitude } ?? 0
          return Tolerance(absolute: 1e-6 + step + slopeError * capped, relative: relative)
        },
        "\(label) gradient \(dtype), by log-sum-exp too: \(hasSum)")
    }
  }
}
