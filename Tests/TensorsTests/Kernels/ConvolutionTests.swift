import CKernels
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Convolutions {
    @Test func channels() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (length, channels, taps) in [(1, 1, 1), (2, 5, 4), (70, 17, 4), (129, 40, 3)] {
          for dtype in [APUS_F32, APUS_BF16] {
            for silu in [false, true] { checkConvolution(length, channels, taps, dtype, silu: silu, &random) }
          }
        }
      }
    }

    /// A text in two parts, the second beginning with what the first leaves, gives the same rows as in one.
    @Test func history() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let (channels, taps) = (19, 4)
        for (first, second) in [(1, 1), (1, 6), (2, 3), (7, 2)] {
          let x = random.normals((first + second) * channels)
          let weight = Buffer.input(random.normals(channels * taps))
          func rows(_ values: ArraySlice<Float>, _ history: Buffer?) -> [Double] {
            let input = Buffer.input(Array(values))
            let out = Buffer.output(values.count)
            var convolution = apus_convolution(
              sequences: 1, length: Int64(values.count / channels), channels: Int64(channels), taps: Int64(taps), x: input.raw,
              x_stride: Int64(channels), dtype: APUS_F32, weight: weight.floats, bias: nil, silu: true, first: nil,
              history: history?.raw)
            apus_convolution_forward(&convolution, out.raw)
            return out.doubles
          }
          let history = Buffer.inOut(Array(repeating: 0, count: (taps - 1) * channels))
          let parts = rows(x[..<(first * channels)], history) + rows(x[(first * channels)...], history)
          #expect(parts == rows(x[...], nil) && history.firstOverwritten == nil, "seed \(random.seed)")
        }
      }
    }

    @Test func functions() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let (rows, columns) = (67, 21)
        let x = Buffer.input((0..<rows * columns).map { _ in random.normal() * 8 })
        let bias = Buffer.input(random.normals(columns))
        for function in [
          APUS_IDENTITY, APUS_SIGMOID, APUS_SILU, APUS_LOG_SIGMOID, APUS_SOFTPLUS, APUS_EXP, APUS_TANH, APUS_RELU,
        ] {
          let expected = Buffer.output(rows * columns)
          apus_map_reference(
            function, Int64(rows), Int64(columns), x.raw, APUS_F32, bias.floats, 0.5, expected.raw, APUS_F32)
          inEachVariant { variant in
            let actual = Buffer.output(rows * columns)
            apus_map(function, Int64(rows), Int64(columns), x.raw, APUS_F32, bias.floats, 0.5, actual.raw, APUS_F32)
            compare(
              actual, expected, Tolerance(absolute: 2e-7, relative: 4e-6), "seed \(random.seed) \(variant) \(function)")
          }
        }
      }
    }
  }
}

private func checkConvolution(
  _ length: Int, _ channels: Int, _ taps: Int, _ dtype: apus_dtype, silu: Bool, _ random: inout TestRandom
) {
  let x = Buffer.input(random.normals(2 * length * channels), dtype)
  let weight = Buffer.input(random.normals(channels * taps))
  let bias = Buffer.input(random.normals(channels))
  let first = IntegerBuffer((0..<2 * length).map { $0 % length > length / 3 ? Int32(length / 3 + 1) : 0 })
  func run(_ function: (UnsafePointer<apus_convolution>?, UnsafeMutableRawPointer?) -> Void) -> Buffer {
    let out = Buffer.output(2 * length * channels, dtype)
    var convolution = apus_convolution(
      sequences: 2, length: Int64(length), channels: Int64(channels), taps: Int64(taps), x: x.raw,
      x_stride: Int64(channels), dtype: dtype, weight: weight.floats, bias: bias.floats, silu: silu, first: first.pointer,
      history: nil)
    function(&convolution, out.raw)
    return out
  }
  let expected = run(apus_convolution_reference)
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) convolution [\(length), \(channels)] \(taps) \(dtype)"
    compare(run(apus_convolution_forward), expected, Tolerance(absolute: 2e-6, relative: 2e-6), label)
  }
}
