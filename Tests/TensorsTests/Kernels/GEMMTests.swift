import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct GEMM {
    @Test func shapesLayoutsAndTypes() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let shapes = [(1, 1, 1), (3, 5, 7), (17, 33, 31), (64, 48, 32), (33, 100, 129), (130, 70, 64), (15, 257, 65)]
        for (rows, columns, depth) in shapes {
          for layout in GEMMCase.Layout.allCases {
            for types in GEMMCase.Types.all {
              // Half of the ways to write the result, drawn anew each time.
              let outputs: [(apus_dtype, Bool, Float)] = [
                (APUS_F32, false, 1), (APUS_F32, true, 1), (APUS_F32, true, 0.37), (APUS_BF16, false, 1),
              ]
              for (output, accumulate, scale) in outputs.shuffled(using: &random).prefix(2) {
                GEMMCase(
                  rows: rows, columns: columns, depth: depth, layout: layout, types: types, output: output,
                  accumulate: accumulate, scale: scale, slack: Int.random(in: 0...3, using: &random)
                ).check(&random)
              }
            }
          }
        }
      }
    }

    /// Every remainder of each dimension by the tiles' heights, widths and units of depth.
    @Test func remainders() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for n in 1...70 {
          for layout in GEMMCase.Layout.allCases {
            for types in GEMMCase.Types.all.shuffled(using: &random).prefix(4) {
              GEMMCase(
                rows: n, columns: n * 37 % 71, depth: n * 13 % 71, layout: layout, types: types, output: APUS_F32,
                accumulate: Bool.random(using: &random), scale: 1, slack: 1
              ).check(&random)
            }
          }
        }
      }
    }

    /// Tall and deep enough that each task packs its own rows of the left operand.
    @Test func tallAndDeep() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for compute in [APUS_F32, APUS_BF16] {
          GEMMCase(
            rows: 801, columns: 17, depth: 3301, layout: .plain,
            types: .init(compute: compute, left: compute, right: APUS_F32), output: APUS_F32, accumulate: true,
            scale: 1, slack: 0
          ).check(&random)
        }
      }
    }

    /// Left operands that are read where they lie, over several blocks of rows with a shorter tile at the end; rows
    /// 4 KiB apart, which share the sets of a cache, are packed instead.
    @Test func leftOperandInPlace() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for (rows, depth) in [(801, 3300), (227, 34), (95, 1024), (40, 2048)] {
          for compute in [APUS_F32, APUS_BF16] {
            GEMMCase(
              rows: rows, columns: 49, depth: depth, layout: .plain,
              types: .init(compute: compute, left: compute, right: APUS_F32),
              output: compute, accumulate: false, scale: 1, slack: 1
            ).check(&random)
          }
        }
      }
    }

    /// So deep that the depth is taken in blocks: added to C directly, and summed beside it.
    @Test func veryDeep() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let outputs: [(apus_dtype, Bool, Float)] = [
          (APUS_F32, false, 1), (APUS_F32, true, 1), (APUS_F32, true, 0.37), (APUS_BF16, false, 1),
        ]
        for compute in [APUS_F32, APUS_BF16] {
          for layout in [GEMMCase.Layout.plain, .leftTransposed] {
            for (output, accumulate, scale) in outputs {
              GEMMCase(
                rows: 37, columns: 35, depth: 6151, layout: layout,
                types: .init(compute: compute, left: compute, right: APUS_F32), output: output,
                accumulate: accumulate, scale: scale, slack: 2
              ).check(&random)
            }
          }
        }
      }
    }

    /// So much deeper than its blocks that these are taken one after another, in floats for all of C and on the tile
    /// unit for one task's part of it after another. Whole numbers, so that sums are exact in any order: some rows, and
    /// the sum of all of them, are computed beside.
    @Test func deepAndLarge() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        let (rows, columns) = (1059, 1030)
        for (compute, depth) in [(APUS_F32, 2404), (APUS_BF16, 6208)] {
          func numbers(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float(Int.random(in: -1...1, using: &random)) }
          }
          let (a, b) = (numbers(rows * depth), numbers(depth * columns))
          var chosen = (0..<8).map { _ in Int.random(in: 0..<rows, using: &random) } + [0, rows - 1]
          var some = chosen.flatMap { a[$0 * depth..<($0 + 1) * depth] }
          some += (0..<depth).map { k in (0..<rows).reduce(0) { $0 + a[$1 * depth + k] } }
          chosen.append(rows)
          let (left, right, checked) = (Buffer.input(a, compute), Buffer.input(b, compute), Buffer.input(some))
          defer { withExtendedLifetime((left, right, checked)) {} }
          func matrix(_ buffer: Buffer, _ stride: Int) -> apus_matrix {
            apus_matrix(data: buffer.raw, dtype: buffer.dtype, row_stride: Int64(stride), column_stride: 1)
          }
          let expected = Buffer.output(chosen.count * columns)
          let (m, n, k) = (Int64(rows), Int64(columns), Int64(depth))
          apus_gemm_reference(
            APUS_F32, Int64(chosen.count), n, k, matrix(checked, depth), matrix(right, columns), expected.raw,
            APUS_F32, n, false, 1)
          inEachVariant { variant in
            let packed = UnsafeMutableRawPointer.allocate(
              byteCount: apus_gemm_packed_bytes(compute, k, n), alignment: 64)
            defer { packed.deallocate() }
            apus_gemm_pack(compute, k, n, matrix(right, columns), packed)
            let actual = Buffer.output(rows * columns)
            apus_gemm(compute, m, n, k, matrix(left, depth), packed, actual.raw, APUS_F32, n, false, 1)
            let all = UnsafeBufferPointer(start: actual.floats, count: rows * columns)
            for (i, row) in chosen.enumerated() {
              let found: [Float] =
                row < rows
                ? Array(all[row * columns..<(row + 1) * columns])
                : (0..<columns).map { column in (0..<rows).reduce(0) { $0 + all[$1 * columns + column] } }
              let wrong = (0..<columns).filter { Double(found[$0]) != expected[i * columns + $0] }
              #expect(wrong.isEmpty, "seed \(random.seed) \(variant) row \(row), columns \(wrong.prefix(4))")
            }
          }
        }
      }
    }

    /// An empty sum is zero, or what was there.
    @Test func noDepth() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for accumulate in [false, true] {
          GEMMCase(
            rows: 35, columns: 37, depth: 0, layout: .plain,
            types: .init(compute: APUS_BF16, left: APUS_F32, right: APUS_F32), output: APUS_F32,
            accumulate: accumulate, scale: 1, slack: 0
          ).check(&random)
        }
      }
    }
  }
}

/// Collects the strips of a product that are given to an epilogue.
private final class Strips {
  let columns: Int
  let values: Buffer
  init(rows: Int, columns: Int) {
    self.columns = columns
    values = .output(rows * columns)
  }
}

extension EngineTests.GEMM {
  /// The strips that an epilogue is given make up the whole product, each element once.
  @Test func epilogue() async {
    await #expect(processExitsWith: .success) {
      var random = TestRandom()
      for (rows, columns, depth, strip) in [(1, 1, 3, 32), (40, 100, 64, 64), (301, 97, 40, 32), (33, 64, 7, 96)] {
        for compute in [APUS_F32, APUS_BF16] {
          let left = Buffer.input(random.normals(rows * depth), compute)
          let right = Buffer.input(random.normals(depth * columns))
          let (m, n, k) = (Int64(rows), Int64(columns), Int64(depth))
          let leftMatrix = apus_matrix(data: left.raw, dtype: compute, row_stride: k, column_stride: 1)
          let rightMatrix = apus_matrix(data: right.raw, dtype: APUS_F32, row_stride: n, column_stride: 1)
          let expected = Buffer.output(rows * columns)
          apus_gemm_reference(
            compute, m, n, k, leftMatrix, rightMatrix, expected.raw, APUS_F32, n, false, 1)
          inEachVariant { variant in
            let packed = UnsafeMutableRawPointer.allocate(
              byteCount: apus_gemm_packed_bytes(compute, k, n), alignment: 64)
            defer { packed.deallocate() }
            apus_gemm_pack(compute, k, n, rightMatrix, packed)
            let strips = Strips(rows: rows, columns: columns)
            apus_gemm_epilogue(
              compute, m, n, k, leftMatrix, packed, Int64(strip),
              { context, row0, rows, column0, columns, strip, stride in
                guard let context, let strip else { return }
                let strips = Unmanaged<Strips>.fromOpaque(context).takeUnretainedValue()
                for r in 0..<Int(rows) {
                  for c in 0..<Int(columns) {
                    let at = (Int(row0) + r) * strips.columns + Int(column0) + c
                    // A second visit is seen as a wrong sum.
                    let before = strips.values.isPoison(at) ? 0 : strips.values.floats[at]
                    strips.values.floats[at] = before + strip[r * Int(stride) + c]
                  }
                }
              }, Unmanaged.passUnretained(strips).toOpaque())
            compare(
              strips.values, expected, Tolerance(absolute: 1e-4, relative: 1e-5),
              "seed \(random.seed) \(variant) strips of [\(rows), \(columns), \(depth)] \(compute)")
          }
        }
      }
    }
  }
}

struct GEMMCase {
  /// How the operands lie in memory; `strided` has gaps between neighbours in both directions.
  enum Layout: CaseIterable { case plain, rightTransposed, leftTransposed, strided }
  struct Types {
    let compute, left, right: apus_dtype
    static let all = [APUS_F32, APUS_BF16].flatMap { compute in
      [APUS_F32, APUS_BF16].flatMap { left in
        [APUS_F32, APUS_BF16].map { Types(compute: compute, left: left, right: $0) }
      }
    }
  }

  let rows, columns, depth: Int
  let layout: Layout
  let types: Types
  let output: apus_dtype
  let accumulate: Bool
  let scale: Float
  /// Columns of the output's rows that are not part of it.
  let slack: Int

  func check(_ random: inout TestRandom) {
    let left = operand(rows, depth, types.left, transposed: layout == .leftTransposed, &random)
    let right = operand(depth, columns, types.right, transposed: layout == .rightTransposed, &random)
    let stride = columns + slack
    let before = random.normals(rows * stride)
    func fresh() -> Buffer { accumulate ? .inOut(before, output) : .output(rows * stride, output) }

    let expected = fresh()
    apus_gemm_reference(
      types.compute, Int64(rows), Int64(columns), Int64(depth), left.matrix, right.matrix, expected.raw, output,
      Int64(stride), accumulate, scale)
    // Each of the depth's sums is off by at most half a unit of the sum of magnitudes.
    let magnitudes = Buffer.output(rows * stride)
    apus_gemm_reference(
      types.compute, Int64(rows), Int64(columns), Int64(depth), left.magnitudes, right.magnitudes, magnitudes.raw,
      APUS_F32, Int64(stride), false, 1)
    let unit = Double(depth + 3) * 0x1p-23

    inEachVariant { variant in
      let bytes = apus_gemm_packed_bytes(types.compute, Int64(depth), Int64(columns))
      let packed = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 64)
      defer { packed.deallocate() }
      packed.initializeMemory(as: UInt8.self, repeating: 0xff, count: bytes + 64)
      apus_gemm_pack(types.compute, Int64(depth), Int64(columns), right.matrix, packed)
      let actual = fresh()
      apus_gemm(
        types.compute, Int64(rows), Int64(columns), Int64(depth), left.matrix, packed, actual.raw, output,
        Int64(stride), accumulate, scale)
      let label = "seed \(random.seed) \(variant) \(self)"
      #expect((0..<64).allSatisfy { packed.load(fromByteOffset: bytes + $0, as: UInt8.self) == 0xff }, "\(label)")
      compare(
        actual, count: rows * stride,
        at: { i in expected.isPoison(i) ? nil : expected[i] },
        { i in
          guard i % stride < columns else { return Tolerance() }
          return Tolerance(absolute: unit * (magnitudes[i] + (accumulate ? Double(before[i].magnitude) : 0)))
        }, label)
    }
  }

  private struct Operand {
    let plain, positive: Buffer
    let rowStride, columnStride: Int64
    var matrix: apus_matrix { view(plain) }
    var magnitudes: apus_matrix { view(positive) }
    private func view(_ buffer: Buffer) -> apus_matrix {
      apus_matrix(
        data: UnsafeRawPointer(buffer.raw), dtype: buffer.dtype, row_stride: rowStride, column_stride: columnStride)
    }
  }

  private func operand(
    _ rows: Int, _ columns: Int, _ dtype: apus_dtype, transposed: Bool, _ random: inout TestRandom
  ) -> Operand {
    let step = layout == .strided ? 3 : 1
    let inner = (transposed ? rows : columns) * step + (layout == .strided ? 2 : 0)
    let values = random.normals((transposed ? columns : rows) * inner)
    return Operand(
      plain: .input(values, dtype), positive: .input(values.map(\.magnitude), dtype),
      rowStride: Int64(transposed ? step : inner), columnStride: Int64(transposed ? inner : step))
  }
}
