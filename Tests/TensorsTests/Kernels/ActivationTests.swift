import CKernels
import Foundation
import Testing
import TestSupport

extension EngineTests {
  @Suite struct Activations {
    @Test func gatedUnits() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, width) in [(1, 1), (3, 15), (33, 33), (50, 64), (2, 257)] {
          for dtype in [APUS_F32, APUS_BF16] {
            checkGated(swiGLU, rows, width, dtype, &random)
            checkGated(geGLU, rows, width, dtype, &random)
          }
        }
      }
    }

    @Test func gelu() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [1, 15, 33, 8192, 8192 * 2 + 5] {
          for dtype in [APUS_F32, APUS_BF16] { checkGELU(count, dtype, &random) }
        }
      }
    }

    /// A NaN of any payload must come out as one.
    @Test func notANumber() async {
      await #expect(processExitsWith: .success) {
        let payloads: [UInt32] = [0x7fc0_0000, 0xffc0_0000, 0x7fc0_0001, 0x7fff_ffff, 0x7fc1_2345, 0xffff_ffff]
        let x = Buffer.input(payloads.map { Float(bitPattern: $0) })
        let gateUp = Buffer.input(payloads.flatMap { [Float(bitPattern: $0), 1] })
        let count = payloads.count
        inEachVariant { variant in
          let gelu = Buffer.output(count)
          apus_gelu(Int64(count), x.raw, gelu.raw, APUS_F32)
          compare(gelu, Array(repeating: .nan, count: count), Tolerance(), "\(variant) GELU")
          let swiGLU = Buffer.output(count)
          apus_swiglu(Int64(count), 1, gateUp.raw, swiGLU.raw, APUS_F32)
          compare(swiGLU, Array(repeating: .nan, count: count), Tolerance(), "\(variant) SwiGLU")
          let geGLU = Buffer.output(count)
          apus_geglu(Int64(count), 1, gateUp.raw, geGLU.raw, APUS_F32)
          compare(geGLU, Array(repeating: .nan, count: count), Tolerance(), "\(variant) GEGLU")
        }
      }
    }
  }
}

/// Mostly ordinary numbers, some large of either sign.
private func values(_ count: Int, _ random: inout TestRandom) -> [Float] {
  (0..<count).map { _ in random.normal() * (Int.random(in: 0..<8, using: &random) == 0 ? 40 : 2) }
}

/// The functions of a gated unit, and its activation with the slope.
private struct GatedUnit {
  var name: String
  var forward: @Sendable (Int64, Int64, UnsafeRawPointer?, UnsafeMutableRawPointer?, apus_dtype) -> Void
  var reference: @Sendable (Int64, Int64, UnsafeRawPointer?, UnsafeMutableRawPointer?, apus_dtype) -> Void
  var backward:
    @Sendable (Int64, Int64, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeMutableRawPointer?, apus_dtype) -> Void
  var activation: @Sendable (Double) -> (value: Double, slope: Double)
}

private let swiGLU = GatedUnit(
  name: "SwiGLU", forward: { apus_swiglu($0, $1, $2, $3, $4) }, reference: { apus_swiglu_reference($0, $1, $2, $3, $4) },
  backward: { apus_swiglu_backward($0, $1, $2, $3, $4, $5) },
  activation: { gate in
    let sigmoid = 1 / (1 + exp(-gate))
    return (gate * sigmoid, sigmoid * (1 + gate * (1 - sigmoid)))
  })

private let geGLU = GatedUnit(
  name: "GEGLU", forward: { apus_geglu($0, $1, $2, $3, $4) }, reference: { apus_geglu_reference($0, $1, $2, $3, $4) },
  backward: { apus_geglu_backward($0, $1, $2, $3, $4, $5) }, activation: gelu)

private func checkGated(
  _ unit: GatedUnit, _ rows: Int, _ width: Int, _ dtype: apus_dtype, _ random: inout TestRandom
) {
  let count = rows * width
  let gateUp = Buffer.input(values(count * 2, &random), dtype)
  let outputGradient = Buffer.input(random.normals(count), dtype)
  let expected = Buffer.output(count, dtype)
  unit.reference(Int64(rows), Int64(width), gateUp.raw, expected.raw, dtype)
  var gradient = Array(repeating: 0.0, count: count * 2)
  for r in 0..<rows {
    for c in 0..<width {
      let at = r * 2 * width + c
      let (gate, up, d) = (gateUp[at], gateUp[at + width], outputGradient[r * width + c])
      let (value, slope) = unit.activation(gate)
      gradient[at] = rounded(d * up * slope, dtype)
      gradient[at + width] = rounded(d * value, dtype)
    }
  }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) \(unit.name) [\(rows), \(width)] \(dtype)"
    let actual = Buffer.output(count, dtype)
    unit.forward(Int64(rows), Int64(width), gateUp.raw, actual.raw, dtype)
    compare(actual, expected, Tolerance(absolute: 1e-6, relative: 2e-6), label)
    let actualGradient = Buffer.output(count * 2, dtype)
    unit.backward(Int64(rows), Int64(width), gateUp.raw, outputGradient.raw, actualGradient.raw, dtype)
    compare(actualGradient, gradient, Tolerance(absolute: 2e-5, relative: 5e-6), "\(label) gradient")
    let inPlace = Buffer.inOut(gateUp.doubles.map { Float($0) }, dtype)
    unit.backward(Int64(rows), Int64(width), inPlace.raw, outputGradient.raw, inPlace.raw, dtype)
    #expect(inPlace.bytes == actualGradient.bytes && inPlace.firstOverwritten == nil, "\(label) gradient in place")
  }
}

/// GELU in its tanh form, and its slope.
private func gelu(_ v: Double) -> (value: Double, slope: Double) {
  let root = (2 / Double.pi).squareRoot()
  let t = tanh(root * (v + 0.044715 * v * v * v))
  return (0.5 * v * (1 + t), 0.5 * (1 + t) + 0.5 * v * (1 - t * t) * root * (1 + 3 * 0.044715 * v * v))
}

private func checkGELU(_ count: Int, _ dtype: apus_dtype, _ random: inout TestRandom) {
  let x = Buffer.input(values(count, &random), dtype)
  let outputGradient = Buffer.input(random.normals(count), dtype)
  let expected = Buffer.output(count, dtype)
  apus_gelu_reference(Int64(count), x.raw, expected.raw, dtype)
  let gradient = (0..<count).map { rounded(outputGradient[$0] * gelu(x[$0]).slope, dtype) }
  inEachVariant { variant in
    let label = "seed \(random.seed) \(variant) GELU [\(count)] \(dtype)"
    let actual = Buffer.output(count, dtype)
    apus_gelu(Int64(count), x.raw, actual.raw, dtype)
    compare(actual, expected, Tolerance(absolute: 1e-6, relative: 2e-6), label)
    let actualGradient = Buffer.output(count, dtype)
    apus_gelu_backward(Int64(count), x.raw, outputGradient.raw, actualGradient.raw, dtype)
    compare(actualGradient, gradient, Tolerance(absolute: 1e-5, relative: 5e-6), "\(label) gradient")
  }
}
