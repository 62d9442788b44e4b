import CKernels
import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// Products with weights in blocks of eight bits.
  @Suite struct Q8 {
    @Test func agreesWithTheReference() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (inputs, outputs) in [(32, 1), (32, 16), (96, 33), (576, 50), (1024, 7)] {
          for rows in [1, 2, 3, 4, 5, 8, 13, 41] {
            for dtype in [APUS_F32, APUS_BF16] { check(rows, inputs, outputs, dtype, &random) }
          }
        }
        // More rows than the cache is given at a time.
        check(1100, 480, 20, APUS_BF16, &random)
        // More outputs than are widened at a time for a tile unit, and rows that threads share.
        for threads in [1, 2, 8] {
          InstructionSet.setThreads(threads)
          check(70, 64, 900, APUS_BF16, &random)
          check(600, 96, 333, APUS_F32, &random)
        }
      }
    }

    /// Inputs that eight bits hold lose nothing, however many rows there are.
    @Test func wholeNumbersAreExact() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for rows in [3, 9] {
          let x = (0..<rows * 96).map { i in
            let number = i % 32 == 5 ? -127 : Float(Int.random(in: -127...127, using: &random))
            return number * [1, 0x1p-20, 0x1p9][i / 32 % 3]
          }
          check(rows, 96, 21, APUS_F32, &random, x: x)
        }
      }
    }

    /// Rounded weights are what their blocks hold: rounding them again changes nothing.
    @Test func roundingTwiceIsRoundingOnce() {
      var random = TestRandom()
      for scale in [1e-7, 1e-3, 1, 300] as [Float] {
        let weight = Buffer.inOut(random.normals(64 * 32).map { $0 * scale } + Array(repeating: 0, count: 32))
        apus_q8_round(Int64(weight.count), weight.floats)
        let once = weight.doubles
        apus_q8_round(Int64(weight.count), weight.floats)
        #expect(weight.doubles == once && weight.firstOverwritten == nil, "seed \(random.seed), scale \(scale)")
      }
    }
  }
}

/// Compares every variant with the reference.
/// - Parameter numbers: inputs that lose nothing by being rounded; otherwise blocks of very different sizes are drawn.
private func check(
  _ rows: Int, _ inputs: Int, _ outputs: Int, _ dtype: apus_dtype, _ random: inout TestRandom, x numbers: [Float]? = nil
) {
  let drawn = random.normals(rows * inputs).enumerated().map { i, x in x * [1, 1e-4, 800, 0][i / 32 % 4] }
  let x = Buffer.input(numbers ?? drawn, dtype)
  let weight = Buffer.input(random.normals(outputs * inputs))
  let expected = Buffer.output(rows * outputs)
  apus_q8_linear_reference(
    Int64(rows), Int64(inputs), Int64(outputs), x.raw, dtype, Int64(inputs), weight.floats, expected.raw, APUS_F32,
    Int64(outputs))
  inEachVariant { variant in
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: apus_q8_packed_bytes(Int64(inputs), Int64(outputs)), alignment: 64)
    defer { packed.deallocate() }
    apus_q8_pack(Int64(inputs), Int64(outputs), weight.floats, packed.baseAddress)
    let y = Buffer.output(rows * outputs)
    apus_q8_linear(
      Int64(rows), Int64(inputs), Int64(outputs), x.raw, dtype, Int64(inputs), packed.baseAddress, y.raw, APUS_F32,
      Int64(outputs))
    let label = "seed \(random.seed) \(variant) \(rows) x \(inputs) -> \(outputs)"
    // Of what outputs are in the mean eight bits lose about a two hundredth, sixteen a fifty thousandth; one output by
    // itself may lose some times that.
    let multipliesBytes = apus_isa_current().rawValue >= APUS_ISA_AVX512.rawValue && apus_isa_has_avx512_bf16()
    let isCoarse = rows > Int(APUS_Q8_FINE_ROWS) && multipliesBytes
    let lost = numbers != nil ? 1e-6 : isCoarse ? 4e-2 : 2e-4
    let squares: Double = x.doubles.reduce(0) { $0 + $1 * $1 }
    let errors = zip(y.doubles, expected.doubles).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let share = (errors / (squares * Double(outputs))).squareRoot()
    #expect(share <= lost && y.firstOverwritten == nil, "\(label): off by \(share)")
  }
}
