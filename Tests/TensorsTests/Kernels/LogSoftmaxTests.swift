import CKernels
import Foundation
import Testing

extension EngineTests {
  @Suite struct LogSoftmax {
    @Test func ordinaryAndExtremeLogits() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, columns) in [(1, 1), (3, 2), (5, 15), (9, 33), (40, 64), (3, 1003)] {
          for kind in LogitKind.allCases { checkLogSoftmax(rows, columns, kind, &random) }
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
            let x = Buffer.input(logits)
            let targets = IntegerBuffer([3, 3])
            inEachVariant { variant in
              let results = (0..<3).map { _ in Buffer.output(2) }
              apus_log_softmax(
                2, 37, 37, x.floats, targets.pointer, results[0].floats, results[1].floats, results[2].floats)
              for result in results {
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
}

private func checkLogSoftmax(_ rows: Int, _ columns: Int, _ kind: LogitKind, _ random: inout TestRandom) {
  let stride = columns + Int.random(in: 0...3, using: &random)
  let logits = Buffer.input(
    (0..<rows * stride).map { _ in
      switch kind {
      case .ordinary: random.normal() * 3
      case .extreme: random.normal() + (Bool.random(using: &random) ? 80 : -80)
      case .far: random.normal() + 1000
      }
    })
  // Every third row or so has no target.
  let targetIDs = (0..<rows).map { _ in
    Int.random(in: 0..<3, using: &random) == 0
      ? Int32.random(in: -100 ... -1, using: &random) : Int32.random(in: 0..<Int32(columns), using: &random)
  }
  let targets = IntegerBuffer(targetIDs)
  let byProbability = Buffer.input(random.normals(rows))
  let bySum = Buffer.input(random.normals(rows))
  let (m, n, s) = (Int64(rows), Int64(columns), Int64(stride))
  func outputs() -> [Buffer] { (0..<3).map { _ in .output(rows) } }
  let expected = outputs()
  apus_log_softmax_reference(
    m, n, s, logits.floats, targets.pointer, expected[0].floats, expected[1].floats, expected[2].floats)
  func gradient(_ hasSum: Bool, _ dtype: apus_dtype) -> [Double] {
    (0..<rows).flatMap { r in
      let row = (0..<columns).map { logits[r * stride + $0] }
      let top = row.max() ?? 0
      let total = row.reduce(0) { $0 + exp($1 - top) }
      let d = targetIDs[r] < 0 ? 0 : byProbability[r]
      return row.indices.map { c in
        let p = exp(row[c] - top) / total
        return rounded(d * ((c == Int(targetIDs[r]) ? 1 : 0) - p) + (hasSum ? bySum[r] * p : 0), dtype)
      }
    }
  }
  let gradients = [(true, APUS_F32), (true, APUS_BF16), (false, APUS_F32)].map { ($0, $1, gradient($0, $1)) }
  // A float near 1000 has a step of 6e-5.
  let step = kind == .far ? 2e-4 : 2e-5
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) log-softmax [\(rows), \(columns)] \(kind)"
    let actual = outputs()
    apus_log_softmax(m, n, s, logits.floats, targets.pointer, actual[0].floats, actual[1].floats, actual[2].floats)
    for (i, name) in ["log-sum-exp", "log-probability", "entropy"].enumerated() {
      // The entropy does not depend on the logits' level.
      let absolute = name == "entropy" ? 1e-5 : step
      compare(actual[i], expected[i], Tolerance(absolute: absolute, relative: 1e-6), "\(label) \(name)")
    }
    let without = outputs()
    apus_log_softmax(m, n, s, logits.floats, targets.pointer, without[0].floats, without[1].floats, nil)
    #expect(without[0].bytes == actual[0].bytes && without[1].bytes == actual[1].bytes, "\(label) without entropy")
    for (hasSum, dtype, expectedGradient) in gradients {
      let gradient = Buffer.output(rows * columns, dtype)
      apus_log_softmax_backward(
        m, n, s, logits.floats, targets.pointer, expected[0].floats, byProbability.floats,
        hasSum ? bySum.floats : nil, gradient.raw, dtype)
      compare(
        gradient, expectedGradient, Tolerance(absolute: 1e-6 + step, relative: step),
        "\(label) gradient \(dtype), by log-sum-exp too: \(hasSum)")
    }
  }
}
