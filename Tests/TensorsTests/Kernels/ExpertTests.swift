import CKernels
import Foundation
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// Products of groups of rows, row activations and the choice of experts, held to plain definitions.
  @Suite struct Experts {
    static let kinds = [APUS_SWIGLU, APUS_GEGLU, APUS_CLAMPED_SWIGLU, APUS_GEGLU_EXACT, APUS_GELU, APUS_RELU_SQUARED]

    @Test func rowActivations() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for kind in Experts.kinds {
          for (rows, width) in [(1, 1), (3, 15), (33, 64), (17, 257)] {
            for dtype in [APUS_F32, APUS_BF16] {
              let inputs = apus_is_gated(kind) ? 2 * width : width
              // Wide enough for the clamps.
              let x = Buffer.input(random.normals(rows * inputs, scale: 4), dtype)
              let weights = Buffer.input(random.normals(rows))
              let expected = Buffer.output(rows * width, dtype)
              apus_row_activation_reference(
                kind, Int64(rows), Int64(width), x.raw, weights.floats, expected.raw, dtype)
              inEachVariant { variant in
                let output = Buffer.output(rows * width, dtype)
                apus_row_activation(kind, Int64(rows), Int64(width), x.raw, weights.floats, output.raw, dtype)
                compare(
                  output, expected, Tolerance(absolute: 2e-5, relative: 2e-5),
                  "seed \(random.seed) \(variant) activation \(kind.rawValue) \(rows) x \(width)")
              }
            }
          }
        }
      }
    }

    /// Groups with no row, with one, with rows for several pieces.
    @Test func groupedProducts() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (sizes, inputs, outputs) in [([0, 1, 3, 0, 40], 33, 17), ([300, 0, 5], 64, 96), ([1, 1, 0], 32, 200)] {
          for dtype in [APUS_F32, APUS_BF16] {
            checkGrouped(sizes, inputs, outputs, dtype, &random)
          }
        }
      }
    }

    @Test func choices() {
      var random = TestRandom()
      let (tokens, experts, chosen) = (70, 12, 4)
      let logits = random.normals(tokens * experts, scale: 2)
      var router = apus_router(
        experts: 12, chosen: 4, groups: 1, chosen_groups: 1, sigmoid: false, normalize: false, scale: 1)
      var scores = [Float](repeating: 0, count: tokens * experts)
      var logSumExp = [Float](repeating: 0, count: tokens)
      var indices = [Int32](repeating: -1, count: tokens * chosen)
      var weights = [Float](repeating: 0, count: tokens * chosen)
      apus_route(Int64(tokens), &router, logits, nil, &scores, &logSumExp, &indices, &weights)
      var offsets = [Int64](repeating: 0, count: experts + 1)
      var places = [Int32](repeating: -1, count: tokens * chosen)
      var sources = [Int32](repeating: -1, count: tokens * chosen)
      apus_sort_choices(Int64(tokens), Int64(experts), Int64(chosen), indices, &offsets, &places, &sources)
      for t in 0..<tokens {
        let row = (0..<experts).map { Double(logits[t * experts + $0]) }
        let sum = row.reduce(0) { $0 + exp($1) }
        let best = row.indices.sorted { row[$0] > row[$1] }.prefix(chosen)
        #expect(Array(best) == (0..<chosen).map { Int(indices[t * chosen + $0]) })
        for (i, expert) in best.enumerated() {
          #expect(abs(Double(weights[t * chosen + i]) - exp(row[expert]) / sum) < 1e-6)
          let place = Int64(places[t * chosen + i])
          #expect(offsets[expert] <= place && place < offsets[expert + 1])
          #expect(sources[Int(place)] == Int32(t))
        }
        #expect(abs(Double(logSumExp[t]) - log(sum)) < 1e-5)
      }
      #expect(Set(places).count == places.count && offsets.last == Int64(tokens * chosen))
    }

    /// Whatever the logits are, every token gets as many experts, each once.
    @Test func choicesOfNumbersThatAreNone() {
      var router = apus_router(
        experts: 4, chosen: 3, groups: 2, chosen_groups: 2, sigmoid: true, normalize: true, scale: 1)
      let logits: [Float] = [.nan, .nan, .nan, .nan, .infinity, -.infinity, .nan, 0, 0, 0, 0, 0]
      var scores = [Float](repeating: 0, count: 12)
      var logSumExp = [Float](repeating: 0, count: 3)
      var indices = [Int32](repeating: -1, count: 9)
      var weights = [Float](repeating: 0, count: 9)
      apus_route(3, &router, logits, nil, &scores, &logSumExp, &indices, &weights)
      for t in 0..<3 {
        let row = Set(indices[3 * t..<3 * t + 3])
        #expect(row.count == 3 && row.allSatisfy { 0..<4 ~= $0 })
      }
      #expect(indices[6...] == [0, 1, 2])
    }
  }
}

private func checkGrouped(
  _ sizes: [Int], _ inputs: Int, _ outputs: Int, _ dtype: apus_dtype, _ random: inout TestRandom
) {
  let rows = sizes.reduce(0, +)
  var offsets: [Int64] = [0]
  for size in sizes { offsets.append(offsets[offsets.count - 1] + Int64(size)) }
  let x = Buffer.input(random.normals(rows * inputs), dtype)
  let d = Buffer.input(random.normals(rows * outputs), dtype)
  let weights = sizes.map { _ in Buffer.input(random.normals(outputs * inputs, scale: 0.2), dtype) }
  let (m, n) = (Int64(outputs), Int64(inputs))
  func matrix(_ buffer: Buffer, _ rowStride: Int64, _ columnStride: Int64) -> apus_matrix {
    apus_matrix(data: buffer.raw, dtype: dtype, row_stride: rowStride, column_stride: columnStride)
  }
  // The definition, group by group.
  var y = [Double](repeating: 0, count: rows * outputs)
  var dx = [Double](repeating: 0, count: rows * inputs)
  var dw = sizes.map { _ in [Double](repeating: 0, count: outputs * inputs) }
  for (g, w) in weights.enumerated() {
    for r in Int(offsets[g])..<Int(offsets[g + 1]) {
      for o in 0..<outputs {
        for i in 0..<inputs {
          y[r * outputs + o] += x[r * inputs + i] * w[o * inputs + i]
          dx[r * inputs + i] += d[r * outputs + o] * w[o * inputs + i]
          dw[g][o * inputs + i] += d[r * outputs + o] * x[r * inputs + i]
        }
      }
    }
  }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) groups \(sizes) \(inputs) to \(outputs)"
    func pack(_ buffer: Buffer, depth: Int64, columns: Int64, transposed: Bool) -> UnsafeMutableRawPointer {
      let packed = UnsafeMutableRawPointer.allocate(
        byteCount: max(apus_gemm_packed_bytes(dtype, depth, columns), 64), alignment: 64)
      apus_gemm_pack(dtype, depth, columns, transposed ? matrix(buffer, 1, n) : matrix(buffer, n, 1), packed)
      return packed
    }
    let forward = weights.map { pack($0, depth: n, columns: m, transposed: true) }
    let backward = weights.map { pack($0, depth: m, columns: n, transposed: false) }
    defer { (forward + backward).forEach { $0.deallocate() } }
    let output = Buffer.output(rows * outputs, dtype)
    // A group without rows may have no matrix.
    func present(_ packed: [UnsafeMutableRawPointer]) -> [UnsafeRawPointer?] {
      zip(packed, sizes).map { $1 == 0 ? nil : UnsafeRawPointer($0) }
    }
    apus_grouped_linear(
      dtype, Int64(sizes.count), offsets, n, m, x.raw, dtype, present(forward), output.raw)
    let near = Tolerance(absolute: 2e-5, relative: dtype == APUS_BF16 ? 4e-3 : 1e-5)
    compare(output, y, near, label)
    let inputGradient = Buffer.output(rows * inputs, dtype)
    let gradients = sizes.map { _ in Buffer.inOut(Array(repeating: 1, count: outputs * inputs)) }
    apus_grouped_linear_backward(
      dtype, Int64(sizes.count), offsets, n, m, d.raw, x.raw, dtype, present(backward), inputGradient.raw,
      gradients.map { $0.floats })
    compare(inputGradient, dx, near, "\(label) input gradient")
    for (g, gradient) in gradients.enumerated() {
      compare(gradient, dw[g].map { $0 + 1 }, Tolerance(absolute: 1e-4, relative: 1e-5), "\(label) weight gradient \(g)")
    }
  }
}
