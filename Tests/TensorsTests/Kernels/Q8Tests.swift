import CKernels
import Testing

extension EngineTests {
  /// Products with weights in blocks of eight bits.
  @Suite struct Q8 {
    @Test func agreesWithTheReference() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (inputs, outputs) in [(32, 1), (32, 16), (96, 33), (576, 50), (1024, 7)] {
          for rows in 1...Int(APUS_Q8_ROWS) {
            for dtype in [APUS_F32, APUS_BF16] { check(rows, inputs, outputs, dtype, &random) }
          }
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

private func check(_ rows: Int, _ inputs: Int, _ outputs: Int, _ dtype: apus_dtype, _ random: inout TestRandom) {
  // Blocks of very different sizes, one of zeros.
  let x = Buffer.input(
    random.normals(rows * inputs).enumerated().map { i, x in x * [1, 1e-4, 800, 0][i / 32 % 4] }, dtype)
  let weight = Buffer.input(random.normals(outputs * inputs))
  let expected = Buffer.output(rows * outputs)
  apus_q8_linear_reference(
    Int64(rows), Int64(inputs), Int64(outputs), x.raw, dtype, Int64(inputs), weight.floats, expected.raw, APUS_F32,
    Int64(outputs))
  // What rounding the inputs to 16 bits can lose: half a step of each block's scale.
  let largest = (0..<x.count).reduce(0) { max($0, abs(x[$1])) }
  let lost = largest / 32767 * Double(inputs)
  inEachVariant { variant in
    let packed = UnsafeMutableRawBufferPointer.allocate(
      byteCount: apus_q8_packed_bytes(Int64(inputs), Int64(outputs)), alignment: 64)
    defer { packed.deallocate() }
    apus_q8_pack(Int64(inputs), Int64(outputs), weight.floats, packed.baseAddress)
    let y = Buffer.output(rows * outputs)
    apus_q8_linear(
      Int64(rows), Int64(inputs), Int64(outputs), x.raw, dtype, Int64(inputs), packed.baseAddress, y.raw, APUS_F32,
      Int64(outputs))
    compare(
      y, expected.doubles, Tolerance(absolute: lost, relative: 1e-5),
      "seed \(random.seed) \(variant) \(rows) x \(inputs) -> \(outputs)")
  }
}
