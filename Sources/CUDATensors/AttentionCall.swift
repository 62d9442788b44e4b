import CUDARuntime
import Tensors

/// Attention as its kernels take it: the struct `Attention` that their arguments begin with, and what their texts are
/// compiled with.
struct AttentionCall: KernelArgument {
  let specification: AttentionSpecification
  let query, key, value, output: Tensor
  let columns: AttentionColumns
  /// Whether products are taken in float32 by multiply-adds.
  let isFloat: Bool
  /// The widths of heads.
  let widths: AttentionTiles.Widths
  /// What each query may see, and the ends of that for each 64 queries, where there is more to say than causality does.
  let ranges, reaches: Storage?
  /// In the backward pass.
  var outputGradient: Tensor?

  /// Queries of a sequence up to a multiple of 64.
  var statisticsStride: Int { (specification.queryLength + 63) / 64 * 64 }

  func pack(into fields: inout KernelArguments) {
    let s = specification
    for integer in [
      s.queryLength, s.keyLength, s.heads, s.keyValueHeads, s.headDimension, s.valueDimension, query.columns,
      key.columns, value.columns, output.columns,
    ] {
      integer.pack(into: &fields)
    }
    s.scale.pack(into: &fields)
    (s.softCap ?? 0).pack(into: &fields)
    s.slopes.pack(into: &fields)
    s.sinks.pack(into: &fields)
    ranges.pack(into: &fields)
    (s.chosenBlocks?.bits).pack(into: &fields)
    (s.chosenBlocks?.size ?? 0).pack(into: &fields)
    ((s.chosenBlocks?.bits.columns ?? 0) / 2).pack(into: &fields)
  }

  /// Macros that say what scores and masks are, how wide heads are and how work is divided; `more` are the kernel's
  /// own.
  func defines(_ tiles: AttentionTiles, _ more: [String: Int]) -> [String: Int] {
    let s = specification
    let isScored = (s.softCap ?? 0) > 0 || s.slopes != nil || !(s.scale > 0)
    return [
      "CAUSAL": s.isCausal ? 1 : 0, "RANGED": ranges == nil ? 0 : 1, "SPECIAL": isSpecial ? 1 : 0,
      "SCORES": isScored ? 1 : 0, "FLOAT_COMPUTE": isFloat ? 1 : 0, "VECTORS": hasVectors ? 1 : 0, "HEAD": widths.head,
      "VALUE": widths.value, "MTILES": tiles.rowTiles, "WARPS": tiles.warps, "WGMMA": tiles.hasWarpgroups ? 1 : 0,
    ].merging(more) { $1 }
  }

  /// Whether some keys are seen beyond a range, or not all within it.
  private var isSpecial: Bool { specification.keptFirstKeys > 0 || specification.chosenBlocks != nil }

  /// Addresses of the first query, key and value.
  var firstQuery: DeviceAddress { at(columns.query, of: query) }
  var firstKey: DeviceAddress { at(columns.key, of: key) }
  var firstValue: DeviceAddress { at(columns.value, of: value) }
  /// The address of a column of a tensor's first row.
  func at(_ column: Int, of tensor: Tensor) -> DeviceAddress {
    tensor.deviceAddress + column * tensor.dtype.byteCount
  }

  /// Whether all rows are runs of 16 bytes in the type in which products are taken. Gradients lie as what they are of.
  private var hasVectors: Bool {
    let rows = [
      (query, columns.query, specification.headDimension), (key, columns.key, specification.headDimension),
      (value, columns.value, specification.valueDimension), (output, 0, specification.valueDimension),
      (outputGradient ?? output, 0, specification.valueDimension),
    ]
    return (query.dtype == .float32) == isFloat
      && rows.allSatisfy { tensor, column, width in
        let size = tensor.dtype.byteCount
        return [tensor.columns * size, width * size, Int(at(column, of: tensor).bits % 16)].allSatisfy { $0 % 16 == 0 }
      }
  }
}
