import CUDARuntime
import Tensors

extension CUDABackend {
  public func scan(_ s: StateScan) {
    if s.sequences * s.length * s.heads * s.lanes == 0 { return }
    guard s.output.share > 1 else { return scanHeads(s) }
    let tokens = s.sequences * s.length
    // Results of heads that share one lie side by side first, so that the order of their sum is fixed.
    let each = Tensor([tokens, s.heads * s.lanes], .float32, in: workspace)
    var single = s
    single.output = HeadVectors(each)
    single.accumulates = false
    single.products?.factor *= s.output.factor
    scanHeads(single)
    let results = s.heads / s.output.share
    launch(
      "sum_heads", in: .scanSums, nil, blocks: blocks(for: tokens * results * s.lanes, per: 256), threads: 256, tokens,
      results, s.output.share, s.lanes, s.output.factor, each, ResultPlace(s.output, accumulates: s.accumulates))
  }

  private func scanHeads(_ s: StateScan) {
    if let chunks = ChunkedScan(s, sharedMemory: context.device.sharedMemoryPerBlock) { return scan(s, in: chunks) }
    let share = RowShare(s.rows)
    let axis = s.decay == nil ? 0 : s.decayAxis.number
    let bytesOfToken = 4 * (2 * share.rows + 32 + 32 * share.warps + (axis == 2 ? share.rows : axis == 3 ? 32 : 1))
    let chunk = TokenChunk.count(bytesOfToken)
    launch(
      "scan_tokens", in: .stateScan, nil,
      defines: ["ORDER": s.order.number, "AXIS": axis, "ROWS": share.each, "WARPS": share.warps],
      blocks: Grid(s.sequences * s.heads, (s.lanes + 31) / 32), threads: 32 * share.warps,
      sharedBytes: chunk * bytesOfToken, s.length, s.heads, s.rows, s.lanes, chunk, s.isReverse, s.read, s.row, s.lane,
      s.decay, s.firstKeys, ResultPlace(s.output, accumulates: s.accumulates), s.output.factor, s.state,
      ScanProducts(s))
  }

  public func decayGradient(
    products: Tensor, sequences: Int, heads: Int, ofLanes: Bool, firstKeys: Tensor?, decayGradient: Tensor
  ) {
    if products.count == 0 { return }
    let columns = ofLanes ? products.columns : heads
    launch(
      "decay_gradient", in: .scanSums, nil, blocks: Grid((columns + 31) / 32, sequences), threads: 1024, products,
      firstKeys, decayGradient, products.rows / sequences, columns, products.columns / columns)
  }

  public func deltaRule(_ d: DeltaScan) {
    if d.sequences * d.length * d.heads * d.valueDimension == 0 { return }
    let rows = max(d.keyDimension, 1)
    let group = min(16, powerOfTwo(atLeast: (rows + 15) / 16))
    let each = ((rows + group - 1) / group + 3) / 4 * 4
    let ofRows = d.decay.map { $0.columns != d.heads || d.keyDimension == 1 } ?? false
    let bytesOfToken = 4 * ((ofRows ? 3 : 2) * group * each + 96)
    let chunk = TokenChunk.count(bytesOfToken)
    launch(
      "delta_rule", in: .deltaRule, nil, defines: ["GROUP": group, "ROWS": each, "OF_ROWS": ofRows ? 1 : 0],
      blocks: Grid(d.sequences * d.heads, (d.valueDimension + 31) / 32), threads: 32 * group,
      sharedBytes: chunk * bytesOfToken, d.length, d.heads, d.keyDimension, d.valueDimension, chunk, d.isReverse,
      d.query, d.key, d.value, d.beta, d.decay, d.firstKeys, d.output?.tensor.address(column: d.output?.column ?? 0),
      d.output?.tensor.dtype == .bfloat16, d.output?.tensor.columns ?? 0, d.output?.factor ?? 1, d.stored, d.state)
  }
}

/// How a state's rows are divided: `each` of them in a thread's registers, the warps beside one another.
private struct RowShare {
  let each: Int
  let warps: Int

  init(_ rows: Int) {
    let few = rows < 64 ? 8 : 16
    warps = min(16, max(1, (rows + few - 1) / few))
    each = max(few, ((rows + warps - 1) / warps + 3) / 4 * 4)
  }

  /// All of them, with those that only fill up.
  var rows: Int { each * warps }
}

/// Tokens whose vectors lie in shared memory at once.
enum TokenChunk {
  /// - Parameter bytes: of a token.
  static func count(_ bytes: Int, most: Int = 32) -> Int { min(most, max(1, (64 << 10) / bytes)) }
}

/// Where a scan's results go, as kernels have it.
struct ResultPlace: KernelArgument {
  let output: HeadVectors
  let accumulates: Bool

  init(_ output: HeadVectors, accumulates: Bool) {
    self.output = output
    self.accumulates = accumulates
  }

  func pack(into fields: inout KernelArguments) {
    output.tensor.address(column: output.column).pack(into: &fields)
    (output.tensor.dtype == .bfloat16).pack(into: &fields)
    output.tensor.columns.pack(into: &fields)
    accumulates.pack(into: &fields)
  }
}

/// Where a scan's products go, and of what they are, as kernels have it.
struct ScanProducts: KernelArgument {
  let scan: StateScan

  init(_ scan: StateScan) { self.scan = scan }

  func pack(into fields: inout KernelArguments) {
    let products = scan.products
    var reference = products?.reference ?? scan.lane
    reference.factor *= (products?.factor ?? 0) * scan.output.factor
    (products?.tensor).pack(into: &fields)
    reference.pack(into: &fields)
    StateScan.productWidth(lanes: scan.lanes, ofLanes: products?.isOfLanes ?? false).pack(into: &fields)
    (products?.isOfLanes ?? false).pack(into: &fields)
  }
}

extension HeadVectors: KernelArgument {
  public func pack(into fields: inout KernelArguments) {
    tensor.address(column: column).pack(into: &fields)
    (tensor.dtype == .bfloat16).pack(into: &fields)
    tensor.columns.pack(into: &fields)
    share.pack(into: &fields)
    factor.pack(into: &fields)
  }
}

extension Tensor {
  /// Address of a column of the first row.
  func address(column: Int) -> DeviceAddress { deviceAddress + column * dtype.byteCount }
}

extension StateScan.Order {
  /// The kernels' number of it.
  var number: Int {
    switch self {
    case .after: 0
    case .decayed: 1
    case .last: 2
    }
  }
}

extension StateScan.DecayAxis {
  /// The kernels' number of it.
  fileprivate var number: Int {
    switch self {
    case .head: 1
    case .rows: 2
    case .lanes: 3
    }
  }
}
