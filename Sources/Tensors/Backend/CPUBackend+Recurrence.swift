import CKernels

extension StateScan {
  /// Products that scans leave for each token and head.
  public static func productWidth(lanes: Int, ofLanes: Bool) -> Int {
    Int(apus_scan_product_width(Int64(lanes), ofLanes))
  }
}

extension CPUBackend {
  public func scan(_ s: StateScan) {
    let empty = apus_head_vectors(data: nil, dtype: APUS_F32, stride: 0, share: 1, factor: 0)
    var kernel = apus_scan(
      sequences: Int64(s.sequences), length: Int64(s.length), heads: Int64(s.heads), rows: Int64(s.rows),
      lanes: Int64(s.lanes), read: s.read.kernel, row: s.row.kernel, lane: s.lane.kernel,
      decay: s.decay.map { UnsafePointer($0.floats.baseAddress!) },
      decay_axis: s.decay == nil ? APUS_DECAY_NONE : s.decayAxis.kernel, order: s.order.kernel, reverse: s.isReverse,
      first: s.firstKeys.map { UnsafePointer($0.integers.baseAddress!) },
      out: s.output.tensor.pointer(column: s.output.column), out_dtype: s.output.tensor.dtype.kernel,
      out_stride: Int64(s.output.tensor.columns), out_share: Int64(s.output.share), out_factor: s.output.factor,
      accumulate: s.accumulates, state: s.state?.floats.baseAddress,
      products: s.products?.tensor.floats.baseAddress, reference: s.products?.reference.kernel ?? empty,
      product_factor: s.products?.factor ?? 0, products_of_lanes: s.products?.isOfLanes ?? false)
    apus_scan_run(&kernel)
  }

  public func decayGradient(
    products: Tensor, sequences: Int, heads: Int, ofLanes: Bool, firstKeys: Tensor?, decayGradient: Tensor
  ) {
    apus_decay_gradient(
      Int64(sequences), Int64(products.rows / sequences), Int64(heads), Int64(products.columns / heads), ofLanes,
      products.floats.baseAddress, firstKeys?.integers.baseAddress, decayGradient.floats.baseAddress)
  }

  public func deltaRule(_ d: DeltaScan) {
    var kernel = apus_delta(
      sequences: Int64(d.sequences), length: Int64(d.length), heads: Int64(d.heads), key_dim: Int64(d.keyDimension),
      value_dim: Int64(d.valueDimension), q: d.query.kernel, k: d.key.kernel, v: d.value.kernel,
      beta: d.beta.floats.baseAddress, decay: d.decay.map { UnsafePointer($0.floats.baseAddress!) },
      decay_of_rows: d.decay.map { $0.columns != d.heads || d.keyDimension == 1 } ?? false, reverse: d.isReverse,
      first: d.firstKeys.map { UnsafePointer($0.integers.baseAddress!) },
      out: d.output.map { $0.tensor.pointer(column: $0.column) }, out_dtype: (d.output?.tensor.dtype ?? .float32).kernel,
      out_stride: Int64(d.output?.tensor.columns ?? 0), out_factor: d.output?.factor ?? 1,
      w: d.stored.floats.baseAddress, state: d.state?.floats.baseAddress)
    apus_delta_run(&kernel)
  }

  public func convolution(_ c: ChannelConvolution, output: Tensor) {
    var kernel = c.kernel
    apus_convolution_forward(&kernel, output.pointer)
  }

  public func convolutionBackward(
    _ c: ChannelConvolution, outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?,
    biasGradient: Tensor?
  ) {
    var kernel = c.kernel
    apus_convolution_backward(
      &kernel, outputGradient.pointer, inputGradient.pointer, weightGradient?.floats.baseAddress,
      biasGradient?.floats.baseAddress)
  }
}

extension CPUBackend {
  public func selectiveScan(_ s: SelectiveScan, output: Tensor) {
    var kernel = s.kernel
    apus_selective_scan_forward(&kernel, output.pointer)
  }

  public func selectiveScanBackward(
    _ s: SelectiveScan, outputGradient: Tensor, inputGradient: Tensor, stepGradient: Tensor, keyGradient: Tensor,
    queryGradient: Tensor, rateGradient: Tensor
  ) {
    var kernel = s.kernel
    apus_selective_scan_backward(
      &kernel, outputGradient.pointer, inputGradient.pointer, stepGradient.floats.baseAddress, keyGradient.pointer,
      queryGradient.pointer, rateGradient.floats.baseAddress)
  }
}

extension SelectiveScan {
  fileprivate var kernel: apus_selective_scan {
    apus_selective_scan(
      sequences: Int64(sequences), length: Int64(length), channels: Int64(input.columns), states: Int64(key.columns),
      x: UnsafeRawPointer(input.pointer), b: UnsafeRawPointer(key.pointer), c: UnsafeRawPointer(query.pointer),
      step: step.floats.baseAddress, a: rate.floats.baseAddress, dtype: input.dtype.kernel,
      first: firstKeys.map { UnsafePointer($0.integers.baseAddress!) }, state: state?.floats.baseAddress)
  }
}

extension HeadVectors {
  fileprivate var kernel: apus_head_vectors {
    apus_head_vectors(
      data: UnsafeRawPointer(tensor.pointer(column: column)), dtype: tensor.dtype.kernel, stride: Int64(tensor.columns),
      share: Int64(share), factor: factor)
  }
}

extension StateScan.DecayAxis {
  fileprivate var kernel: apus_decay_axis {
    switch self {
    case .head: APUS_DECAY_HEAD
    case .rows: APUS_DECAY_ROWS
    case .lanes: APUS_DECAY_LANES
    }
  }
}

extension StateScan.Order {
  fileprivate var kernel: apus_read_order {
    switch self {
    case .after: APUS_READ_AFTER
    case .decayed: APUS_READ_DECAYED
    case .last: APUS_READ_LAST
    }
  }
}

extension ChannelConvolution {
  fileprivate var kernel: apus_convolution {
    apus_convolution(
      sequences: Int64(sequences), length: Int64(length), channels: Int64(input.columns), taps: Int64(taps),
      x: UnsafeRawPointer(input.pointer), x_stride: Int64(input.columns), dtype: input.dtype.kernel,
      weight: weight.floats.baseAddress, bias: bias.map { UnsafePointer($0.floats.baseAddress!) }, silu: hasSiLU,
      first: firstKeys.map { UnsafePointer($0.integers.baseAddress!) }, history: history?.pointer)
  }
}
