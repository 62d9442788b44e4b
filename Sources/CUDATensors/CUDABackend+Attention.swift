import CUDARuntime
import Foundation
import Tensors

extension CUDABackend {
  /// Whether attention takes products by the instructions that only Hopper has (`APUS_ATTENTION=wgmma`), where heads are 64
  /// or 128 wide: no card has shown yet which way is faster.
  @TaskLocal public static var attentionUsesWarpgroups =
    ProcessInfo.processInfo.environment["APUS_ATTENTION"] == "wgmma"

  public func attention(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, compute: DType
  ) {
    let call = attentionCall(
      specification, query: query, key: key, value: value, columns: columns, output: output, compute: compute)
    let s = specification
    // A few queries: all heads that share keys go together, so that these are read once.
    let isPacked = s.queryLength <= 16
    let units = isPacked ? s.keyValueHeads : s.heads
    let rows = isPacked ? s.heads / s.keyValueHeads * s.queryLength : s.queryLength
    for columns in AttentionTiles.slices(s.valueDimension) {
      let tiles = AttentionTiles.forward(call.widths, values: columns.count, isSmall: isPacked)
      let rowBlocks = (rows + tiles.rows - 1) / tiles.rows
      let keysInPart = Self.keysInPart(s, blocks: s.sequences * units * rowBlocks, tile: tiles.tile, isSmall: isPacked)
      let parts = max(1, (s.keyLength + keysInPart - 1) / keysInPart)
      let items = s.sequences * s.heads * s.queryLength
      let values = parts > 1 ? workspace.allocate(byteCount: parts * items * s.valueDimension * 4) : nil
      let sums = parts > 1 ? workspace.allocate(byteCount: parts * items * 8) : nil
      let defines = [
        "KEYS": tiles.tile, "PACKED": isPacked ? 1 : 0, "SPLIT": parts > 1 ? 1 : 0, "VALUE": columns.count,
      ]
      launch(
        "attention_forward", in: .attentionForward, query.dtype, defines: call.defines(tiles, defines),
        blocks: Grid(s.sequences * units, rowBlocks, parts), threads: 32 * tiles.warps, sharedBytes: tiles.sharedBytes,
        call, call.firstQuery, call.firstKey, call.firstValue, output, logSumExp, keysInPart, values, sums,
        columns.lowerBound, min(columns.count, s.valueDimension - columns.lowerBound))
      guard parts > 1 else { continue }
      launch(
        "attention_join", in: .attentionRows, query.dtype, blocks: blocks(for: items, per: 4), threads: 128, values,
        sums, parts, s.sequences, s.queryLength, s.heads, s.valueDimension, output.columns, columns.lowerBound,
        min(columns.upperBound, s.valueDimension), s.sinks, output, logSumExp)
    }
  }

  public func attentionBackward(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, outputGradient: Tensor, queryGradient: Tensor, keyGradient: Tensor,
    valueGradient: Tensor, compute: DType
  ) {
    var call = attentionCall(
      specification, query: query, key: key, value: value, columns: columns, output: output, compute: compute)
    call.outputGradient = outputGradient
    let s = specification
    let statistics = attentionStatistics(s, output, logSumExp, outputGradient)
    for columns in AttentionTiles.slices(s.headDimension) {
      let tiles = AttentionTiles.queryGradient(call.widths, columns: columns.count)
      let defines = ["KEYS": tiles.tile, "STEP": tiles.step, "FIRST": columns.lowerBound, "COLUMNS": columns.count]
      launch(
        "attention_query_gradient", in: .attentionQueryGradient, query.dtype, defines: call.defines(tiles, defines),
        blocks: Grid(s.sequences * s.heads, (s.queryLength + tiles.rows - 1) / tiles.rows), threads: 32 * tiles.warps,
        sharedBytes: tiles.sharedBytes, call, call.firstQuery, call.firstKey, call.firstValue, outputGradient,
        call.at(call.columns.query, of: queryGradient), statistics, call.statisticsStride)
    }
    func keyGradients(_ columns: Int, _ own: [String: Int]) {
      let tiles = AttentionTiles.keyGradients(call.widths, columns: columns)
      let defines = ["QUERIES": tiles.tile, "STEP": tiles.step].merging(own) { $1 }
      launch(
        "attention_key_gradients", in: .attentionKeyGradients, query.dtype, defines: call.defines(tiles, defines),
        blocks: Grid(s.sequences * s.keyValueHeads, (s.keyLength + tiles.rows - 1) / tiles.rows),
        threads: 32 * tiles.warps, sharedBytes: tiles.sharedBytes, call, call.firstQuery, call.firstKey,
        call.firstValue, outputGradient, call.at(call.columns.key, of: keyGradient),
        call.at(call.columns.value, of: valueGradient), statistics, call.statisticsStride, call.reaches)
    }
    let widths = call.widths
    if widths.head + widths.value <= 320 {
      keyGradients(widths.head + widths.value, ["KEY_GRADIENT": 1, "VALUE_GRADIENT": 1])
    } else {
      for (width, isKey) in [(s.headDimension, 1), (s.valueDimension, 0)] {
        for columns in AttentionTiles.slices(width) {
          let own = ["FIRST": columns.lowerBound, "COLUMNS": columns.count]
          keyGradients(2 * columns.count, own.merging(["KEY_GRADIENT": isKey, "VALUE_GRADIENT": 1 - isKey]) { $1 })
        }
      }
    }
  }

  public func attentionSinkGradient(
    _ specification: AttentionSpecification, output: Tensor, logSumExp: Tensor, outputGradient: Tensor,
    sinkGradient: Tensor
  ) {
    let statistics = attentionStatistics(specification, output, logSumExp, outputGradient)
    launch(
      "attention_sink_gradient", in: .attentionRows, output.dtype, blocks: Grid(specification.heads), threads: 256,
      specification.sinks, statistics, specification.sequences, specification.heads,
      (specification.queryLength + 63) / 64 * 64, sinkGradient)
  }

  public func mergeAttention(
    _ specification: AttentionSpecification, _ parts: [(output: Tensor, logSumExp: Tensor)], output: Tensor,
    logSumExp: Tensor
  ) {
    let s = specification
    launch(
      "attention_merge", in: .attentionRows, output.dtype,
      blocks: blocks(for: s.sequences * s.heads * s.queryLength, per: 4), threads: 128,
      uploaded(parts.map(\.output.deviceAddress.bits)), uploaded(parts.map(\.logSumExp.deviceAddress.bits)),
      parts.count, s.sequences, s.queryLength, s.heads, s.valueDimension, output.columns, output, logSumExp)
  }

  /// Where blocks are so few that most of a card would have nothing to do, keys are divided among more of them: a
  /// multiple of `tile` that follows from shapes alone.
  private static func keysInPart(_ s: AttentionSpecification, blocks: Int, tile: Int, isSmall: Bool) -> Int {
    let wanted = max(1, (isSmall ? 1024 : 256) / max(1, blocks))
    let least = isSmall ? 128 : 512
    return (max(least, (s.keyLength + wanted - 1) / wanted) + tile - 1) / tile * tile
  }

  /// What the backward pass needs of each query and head: float32 `[sequences, heads, queries up to a multiple of 64,
  /// 2]`.
  private func attentionStatistics(
    _ s: AttentionSpecification, _ output: Tensor, _ logSumExp: Tensor, _ outputGradient: Tensor
  ) -> Storage {
    let stride = (s.queryLength + 63) / 64 * 64
    let statistics = workspace.allocate(byteCount: s.sequences * s.heads * stride * 8)
    let vectors = [output.columns, s.valueDimension].allSatisfy { $0 * output.dtype.byteCount % 16 == 0 }
      && (output.deviceAddress.bits | outputGradient.deviceAddress.bits) % 16 == 0
    launch(
      "attention_statistics", in: .attentionRows, output.dtype, defines: ["VECTORS": vectors ? 1 : 0],
      blocks: blocks(for: s.sequences * stride * s.heads, per: 32), threads: 256, output, outputGradient, logSumExp,
      s.sequences, s.queryLength, s.heads, s.valueDimension, output.columns, stride, statistics)
    return statistics
  }

  private func attentionCall(
    _ s: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns, output: Tensor,
    compute: DType
  ) -> AttentionCall {
    let isRanged = s.window != nil || s.chunk != nil || s.firstKeys != nil || s.lastKeys != nil || s.keptFirstKeys > 0
    var ranges: Storage?, reaches: Storage?
    if isRanged || s.chosenBlocks != nil {
      let stretches = (s.queryLength + 63) / 64
      ranges = workspace.allocate(byteCount: s.sequences * s.queryLength * 16)
      reaches = workspace.allocate(byteCount: s.sequences * stretches * 16)
      launch(
        "attention_ranges", in: .attentionRanges, nil, blocks: Grid(stretches, s.sequences), threads: 64, s.firstKeys,
        s.lastKeys, s.queryLength, s.keyLength, s.isCausal, s.window ?? 0, s.chunk ?? 0, s.keptFirstKeys, ranges,
        reaches)
    }
    let cardHasWarpgroups = context.device.capability == CUDAVersion(9, 0) && Self.attentionUsesWarpgroups
    let widths = AttentionTiles.Widths(s, isFloat: compute == .float32, cardHasWarpgroups: cardHasWarpgroups)
    return AttentionCall(
      specification: s, query: query, key: key, value: value, output: output, columns: columns,
      isFloat: compute == .float32, widths: widths, ranges: ranges, reaches: reaches)
  }
}
