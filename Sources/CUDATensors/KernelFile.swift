/// The texts of kernels in the folder Kernels, which the build puts into the program.
///
/// A new one is a case here, its bytes in ``bytes`` and, if it needs more than `common.cuh`, its ``headers``.
public enum KernelFile: String, Sendable, CaseIterable {
  case probe
  case products
  case fewRows = "few_rows"
  case q8
  case head
  case routing
  case expertRows = "expert_rows"
  case expertBiases = "expert_biases"
  case expertSorting = "expert_sorting"
  case tensorProducts = "tensor_products"
  case activation
  case bias
  case columns
  case elementwise
  case embedding
  case floats
  case norm
  case optimizer
  case orthonormal
  case partialSums = "partial_sums"
  case q8Rounding = "q8_rounding"
  case rotary
  case running
  case squares
  case chunkedScan = "chunked_scan"
  case columnScales = "column_scales"
  case convolution
  case deltaRule = "delta_rule"
  case pointFunctions = "point_functions"
  case scanSums = "scan_sums"
  case selectiveScan = "selective_scan"
  case stateScan = "state_scan"
  case attentionForward = "attention_forward"
  case attentionQueryGradient = "attention_query_gradient"
  case attentionKeyGradients = "attention_key_gradients"
  case attentionRows = "attention_rows"
  case attentionRanges = "attention_ranges"
  case attentionBlocks = "attention_blocks"

  /// The file's content.
  private var bytes: [UInt8] {
    switch self {
    case .probe: PackageResources.probe_cu
    case .products: PackageResources.products_cu
    case .fewRows: PackageResources.few_rows_cu
    case .q8: PackageResources.q8_cu
    case .head: PackageResources.head_cu
    case .routing: PackageResources.routing_cu
    case .expertRows: PackageResources.expert_rows_cu
    case .expertBiases: PackageResources.expert_biases_cu
    case .expertSorting: PackageResources.expert_sorting_cu
    case .tensorProducts: PackageResources.tensor_products_cu
    case .activation: PackageResources.activation_cu
    case .bias: PackageResources.bias_cu
    case .columns: PackageResources.columns_cu
    case .elementwise: PackageResources.elementwise_cu
    case .embedding: PackageResources.embedding_cu
    case .floats: PackageResources.floats_cu
    case .norm: PackageResources.norm_cu
    case .optimizer: PackageResources.optimizer_cu
    case .orthonormal: PackageResources.orthonormal_cu
    case .partialSums: PackageResources.partial_sums_cu
    case .q8Rounding: PackageResources.q8_rounding_cu
    case .rotary: PackageResources.rotary_cu
    case .running: PackageResources.running_cu
    case .squares: PackageResources.squares_cu
    case .chunkedScan: PackageResources.chunked_scan_cu
    case .columnScales: PackageResources.column_scales_cu
    case .convolution: PackageResources.convolution_cu
    case .deltaRule: PackageResources.delta_rule_cu
    case .pointFunctions: PackageResources.point_functions_cu
    case .scanSums: PackageResources.scan_sums_cu
    case .selectiveScan: PackageResources.selective_scan_cu
    case .stateScan: PackageResources.state_scan_cu
    case .attentionForward: PackageResources.attention_forward_cu
    case .attentionQueryGradient: PackageResources.attention_query_gradient_cu
    case .attentionKeyGradients: PackageResources.attention_key_gradients_cu
    case .attentionRows: PackageResources.attention_rows_cu
    case .attentionRanges: PackageResources.attention_ranges_cu
    case .attentionBlocks: PackageResources.attention_blocks_cu
    }
  }

  /// What comes before it, in order.
  private var headers: [Header] {
    switch self {
    case .activation, .bias, .columns, .elementwise, .embedding, .floats, .norm, .optimizer, .orthonormal,
      .q8Rounding, .rotary, .running, .squares:
      [.common, .runs]
    case .expertRows, .expertBiases, .q8: [.common, .runs]
    case .tensorProducts: [.common, .tensorCores]
    case .convolution: [.common, .runs]
    case .pointFunctions, .columnScales: [.common, .runs, .rowWalk]
    case .stateScan, .deltaRule: [.common, .recurrence]
    case .scanSums: [.common, .runs, .recurrence]
    case .chunkedScan: [.common, .tensorCores, .recurrence, .chunkDecays, .chunkProducts]
    case .selectiveScan: [.common, .tensorCores]
    case .attentionForward, .attentionQueryGradient, .attentionKeyGradients:
      [.common, .tensorCores, .attentionMasks, .attentionTiles]
    case .attentionRows, .attentionRanges: [.common, .tensorCores, .attentionMasks]
    default: [.common]
    }
  }

  /// Texts that several files need.
  private enum Header: String {
    case common
    case runs
    case tensorCores = "tensor_cores"
    case attentionMasks = "attention_masks"
    case attentionTiles = "attention_tiles"
    case rowWalk = "row_walk"
    case recurrence
    case chunkProducts = "chunk_products"
    case chunkDecays = "chunk_decays"

    var bytes: [UInt8] {
      switch self {
      case .rowWalk: PackageResources.row_walk_cuh
      case .recurrence: PackageResources.recurrence_cuh
      case .chunkProducts: PackageResources.chunk_products_cuh
      case .chunkDecays: PackageResources.chunk_decays_cuh
      case .common: PackageResources.common_cuh
      case .runs: PackageResources.runs_cuh
      case .tensorCores: PackageResources.tensor_cores_cuh
      case .attentionMasks: PackageResources.attention_masks_cuh
      case .attentionTiles: PackageResources.attention_tiles_cuh
      }
    }
  }

  /// All that is compiled for the file; messages of the compiler speak of the files and their lines.
  public var text: String {
    let parts = headers.map { ($0.rawValue + ".cuh", $0.bytes) } + [(rawValue + ".cu", bytes)]
    return parts.map { "#line 1 \"\($0)\"\n" + String(decoding: $1, as: UTF8.self) }.joined(separator: "\n")
  }
}
