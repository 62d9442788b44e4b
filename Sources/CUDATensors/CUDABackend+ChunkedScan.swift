import CUDARuntime
import Tensors

/// How a scan goes in chunks of 64 tokens on tensor cores. All but `stages` follows from its shape alone.
struct ChunkedScan {
  /// Rows of the state, filled up.
  let rows: Int
  /// Lanes of a block.
  let lanes: Int
  /// Chunks of a segment, and segments of a sequence.
  let chunks: Int
  let segments: Int
  /// 2 where blocks fetch the next chunk while they work on one.
  let stages: Int

  /// nil where tokens have to go one after another: what is computed in float32, decays by row or lane, short
  /// sequences, and vectors that do not lie in pieces of 16 bytes.
  /// - Parameter sharedMemory: what a block may have, in bytes.
  init?(_ s: StateScan, sharedMemory: Int) {
    let vectors = [s.read, s.row, s.lane]
    let moved = vectors + [s.output] + (s.products.map { [$0.reference] } ?? [])
    guard s.length >= 128, s.decay == nil || s.decayAxis == .head, s.rows % 8 == 0, s.lanes % 8 == 0, s.rows <= 256,
      s.rows > 0, vectors.contains(where: { $0.tensor.dtype == .bfloat16 }),
      moved.allSatisfy({ $0.liesInPieces }), s.state == nil || s.row.factor * s.lane.factor != 0
    else { return nil }
    rows = (s.rows + 63) / 64 * 64
    lanes = rows > 128 || s.lanes <= 32 ? 32 : 64
    let all = (s.length + 63) / 64
    let blocks = s.sequences * s.heads * ((s.lanes + lanes - 1) / lanes)
    // About three blocks for each multiprocessor of a large card, of eight chunks at least: the state between segments
    // is to cost little.
    let wanted = max(1, 396 / blocks)
    chunks = max(8, (all + wanted - 1) / wanted)
    segments = (all + chunks - 1) / chunks
    let (operands, kept) = (Self.operandBytes(rows, lanes, reads: true), Self.keptBytes(rows, lanes))
    stages = 2 * (2 * operands + kept + 4096) <= sharedMemory ? 2 : 1
  }

  /// Bytes of shared memory of a block.
  /// - Parameter reads: whether states are read, not only worked out.
  func sharedBytes(reads: Bool) -> Int {
    stages * Self.operandBytes(rows, lanes, reads: reads) + (reads ? Self.keptBytes(rows, lanes) : 0)
  }

  private static func operandBytes(_ rows: Int, _ lanes: Int, reads: Bool) -> Int {
    64 * ((rows + 8) * (reads ? 2 : 1) + lanes + 8) * 2
  }
  private static func keptBytes(_ rows: Int, _ lanes: Int) -> Int { rows * (lanes + 8) * 2 }
}

extension CUDABackend {
  func scan(_ s: StateScan, in chunked: ChunkedScan) {
    let states = s.sequences * s.heads, size = s.rows * s.lanes
    let isDivided = chunked.segments > 1
    let starts = isDivided ? workspace.allocate(byteCount: chunked.segments * states * size * 4) : nil
    let carries = isDivided ? workspace.allocate(byteCount: chunked.segments * states * 4) : nil
    let slices = (s.lanes + chunked.lanes - 1) / chunked.lanes
    let stateFactor = s.row.factor * s.lane.factor
    // Kernels multiply what they read as it is.
    let factor = s.read.factor * stateFactor
    var scaled = s
    scaled.products?.factor *= factor
    func run(_ kernel: String, reads: Bool, segments: Int) {
      launch(
        kernel, in: .chunkedScan, nil,
        defines: ["ORDER": s.order.number, "ROWS": chunked.rows, "LANES": chunked.lanes, "STAGES": chunked.stages],
        blocks: Grid(states, slices, segments), threads: 128, sharedBytes: chunked.sharedBytes(reads: reads), s.length,
        s.heads, s.rows, s.lanes, s.isReverse, chunked.chunks, s.read, s.row, s.lane, s.decay, s.firstKeys,
        ResultPlace(s.output, accumulates: s.accumulates), s.output.factor * factor, stateFactor, s.state, starts,
        carries, ScanProducts(scaled))
    }
    if isDivided {
      run("scan_chunk_states", reads: false, segments: chunked.segments - 1)
      launch(
        "join_segments", in: .chunkedScan, nil,
        defines: ["ORDER": s.order.number, "ROWS": chunked.rows, "LANES": chunked.lanes, "STAGES": chunked.stages],
        blocks: blocks(for: states * size, per: 256), threads: 256, chunked.segments, states, size, starts, carries)
    }
    run("scan_chunks", reads: true, segments: chunked.segments)
  }
}

extension HeadVectors {
  /// Whether eight neighbouring elements, counted from each vector's first, begin at a multiple of 16 bytes.
  fileprivate var liesInPieces: Bool {
    tensor.address(column: column).bits % 16 == 0 && tensor.columns * tensor.dtype.byteCount % 16 == 0
  }
}
