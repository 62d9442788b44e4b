import CKernels
import Testing
import TestSupport

extension EngineTests {
  /// A layer's two passes give the same bits as the products that they are made of, on every variant.
  @Suite struct Linear {
    @Test func sameAsItsProducts() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        // Few and many blocks of rows, rows that share a cache's sets, depths that are taken in blocks, and operands
        // that are packed past the caches.
        let shapes = [
          (1, 1, 1), (37, 33, 35), (233, 64, 129), (801, 260, 100), (65, 2048, 40), (40, 35, 2048), (20, 6151, 35),
          (20, 35, 6151), (1056, 20, 520), (1051, 21, 537), (1056, 520, 20),
        ]
        for (rows, inputs, outputs) in shapes {
          for (compute, dtype) in [(APUS_F32, APUS_F32), (APUS_BF16, APUS_BF16), (APUS_BF16, APUS_F32)] {
            LinearCase(rows: rows, inputs: inputs, outputs: outputs, compute: compute, dtype: dtype).check(&random)
          }
        }
        // So much work that the tile unit takes it in blocks of outputs.
        LinearCase(rows: 306, inputs: 321, outputs: 6151, compute: APUS_BF16, dtype: APUS_BF16).check(&random)
      }
    }
  }
}

private struct LinearCase {
  let rows, inputs, outputs: Int
  let compute, dtype: apus_dtype

  func check(_ random: inout TestRandom) {
    let x = Buffer.input(random.normals(rows * inputs), dtype)
    let gradients = random.normals(rows * outputs)
    let dOut = Buffer.input(gradients, dtype)
    // The same with rows further apart.
    let pitch = outputs + 2
    let spread = Buffer.input(
      (0..<rows).flatMap { gradients[$0 * outputs..<($0 + 1) * outputs] + [.nan, .nan] }, dtype)
    let weight = Buffer.input(random.normals(outputs * inputs))
    let before = random.normals(outputs * inputs)
    let (n, i, o) = (Int64(rows), Int64(inputs), Int64(outputs))
    inEachVariant { variant in
      let label = "seed \(random.seed) \(variant) \(self)"
      let forward = packed(weight, depth: i, columns: o, rowStride: 1, columnStride: i)
      let backward = packed(weight, depth: o, columns: i, rowStride: i, columnStride: 1)
      let plainInput = packed(x, depth: n, columns: i, rowStride: i, columnStride: 1)
      let input = room(depth: n, columns: i)
      defer { for memory in [forward, backward, plainInput, input] { memory.deallocate() } }
      let xMatrix = apus_matrix(data: x.raw, dtype: dtype, row_stride: i, column_stride: 1)
      let gradient = apus_matrix(data: dOut.raw, dtype: dtype, row_stride: o, column_stride: 1)
      let spreadGradient = apus_matrix(data: spread.raw, dtype: dtype, row_stride: Int64(pitch), column_stride: 1)
      let turned = apus_matrix(data: dOut.raw, dtype: dtype, row_stride: 1, column_stride: o)

      let (y, plainY) = (Buffer.output(rows * outputs, dtype), Buffer.output(rows * outputs, dtype))
      apus_linear(compute, n, i, o, xMatrix, forward.baseAddress, y.raw, dtype, input.baseAddress)
      apus_gemm(compute, n, o, i, xMatrix, forward.baseAddress, plainY.raw, dtype, o, false, 1)
      #expect(y.bytes == plainY.bytes && y.firstOverwritten == nil, "\(label) y")
      #expect(input.elementsEqual(plainInput), "\(label) packed x")

      let (dIn, plainDIn) = (Buffer.output(rows * inputs, dtype), Buffer.output(rows * inputs, dtype))
      let (dWeight, plainDWeight) = (Buffer.inOut(before), Buffer.inOut(before))
      let wMatrix = apus_matrix(data: weight.raw, dtype: weight.dtype, row_stride: i, column_stride: 1)
      apus_linear_backward(
        compute, n, o, i, spreadGradient, backward.baseAddress, wMatrix, dIn.raw, dtype, input.baseAddress,
        dWeight.floats, true)
      apus_gemm(compute, n, i, o, gradient, backward.baseAddress, plainDIn.raw, dtype, i, false, 1)
      apus_gemm(compute, o, i, n, turned, plainInput.baseAddress, plainDWeight.raw, APUS_F32, i, true, 1)
      #expect(dIn.bytes == plainDIn.bytes && dIn.firstOverwritten == nil, "\(label) input's gradient")
      #expect(dWeight.bytes == plainDWeight.bytes && dWeight.firstOverwritten == nil, "\(label) weights' gradient")

      let (dInAgain, dWeightAgain) = (Buffer.output(rows * inputs, dtype), Buffer.inOut(before))
      apus_linear_backward(
        compute, n, o, i, spreadGradient, nil, wMatrix, dInAgain.raw, dtype, input.baseAddress, dWeightAgain.floats,
        true)
      #expect(dInAgain.bytes == plainDIn.bytes && dInAgain.firstOverwritten == nil, "\(label) from plain weights")
      #expect(dWeightAgain.bytes == plainDWeight.bytes, "\(label) weights' gradient beside plain weights")

      let (written, plainWritten) = (Buffer.inOut(before), Buffer.inOut(before))
      apus_linear_backward(
        compute, n, o, i, spreadGradient, backward.baseAddress, wMatrix, dInAgain.raw, dtype, input.baseAddress,
        written.floats, false)
      apus_gemm(compute, o, i, n, turned, plainInput.baseAddress, plainWritten.raw, APUS_F32, i, false, 1)
      #expect(written.bytes == plainWritten.bytes && written.firstOverwritten == nil, "\(label) gradient written")
    }
  }

  private func room(depth: Int64, columns: Int64) -> UnsafeMutableRawBufferPointer {
    let bytes = apus_gemm_packed_bytes(compute, depth, columns)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0xff)
    return memory
  }

  private func packed(
    _ matrix: Buffer, depth: Int64, columns: Int64, rowStride: Int64, columnStride: Int64
  ) -> UnsafeMutableRawBufferPointer {
    let memory = room(depth: depth, columns: columns)
    apus_gemm_pack(
      compute, depth, columns,
      apus_matrix(data: matrix.raw, dtype: matrix.dtype, row_stride: rowStride, column_stride: columnStride),
      memory.baseAddress)
    return memory
  }
}
