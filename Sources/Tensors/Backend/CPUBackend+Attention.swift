import CKernels

extension CPUBackend {
  public func rotary(
    _ x: Tensor, heads: RotaryHeads, positions: Tensor, table: Tensor, inverse: Bool
  ) {
    apus_rotary(
      Int64(x.rows), Int64(heads.count), Int64(heads.dimension), Int64(table.columns * 2), Int64(x.columns),
      x.pointer(column: heads.column), positions.integers.baseAddress, table.floats.baseAddress, heads.isInterleaved,
      inverse, x.dtype.kernel)
  }

  public func attention(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, compute: DType
  ) {
    var kernel = specification.kernel(query: query, key: key, value: value, output: output, compute: compute)
    apus_attention_forward(
      &kernel, query.pointer(column: columns.query), key.pointer(column: columns.key),
      value.pointer(column: columns.value), output.pointer, logSumExp.floats.baseAddress)
  }

  public func attentionBackward(
    _ specification: AttentionSpecification, query: Tensor, key: Tensor, value: Tensor, columns: AttentionColumns,
    output: Tensor, logSumExp: Tensor, outputGradient: Tensor, queryGradient: Tensor, keyGradient: Tensor,
    valueGradient: Tensor, compute: DType
  ) {
    var kernel = specification.kernel(query: query, key: key, value: value, output: output, compute: compute)
    apus_attention_backward(
      &kernel, query.pointer(column: columns.query), key.pointer(column: columns.key),
      value.pointer(column: columns.value), output.pointer, logSumExp.floats.baseAddress, outputGradient.pointer,
      queryGradient.pointer(column: columns.query), keyGradient.pointer(column: columns.key),
      valueGradient.pointer(column: columns.value))
  }

  public func attentionSinkGradient(
    _ specification: AttentionSpecification, output: Tensor, logSumExp: Tensor, outputGradient: Tensor,
    sinkGradient: Tensor
  ) {
    // Queries, keys and values are not looked at.
    var kernel = specification.kernel(query: output, key: output, value: output, output: output, compute: output.dtype)
    apus_attention_sink_gradient(
      &kernel, output.pointer, logSumExp.floats.baseAddress, outputGradient.pointer, sinkGradient.floats.baseAddress)
  }
}

extension CPUBackend {
  public func mergeAttention(
    _ specification: AttentionSpecification, _ parts: [(output: Tensor, logSumExp: Tensor)], output: Tensor,
    logSumExp: Tensor
  ) {
    var kernel = specification.kernel(query: output, key: output, value: output, output: output, compute: output.dtype)
    let outputs = parts.map { UnsafeRawPointer($0.output.pointer) as UnsafeRawPointer? }
    let sums = parts.map { UnsafePointer($0.logSumExp.floats.baseAddress) }
    apus_attention_merge(
      &kernel, Int64(parts.count), outputs, sums, output.pointer, logSumExp.floats.baseAddress)
  }

  public func blockMeans(
    _ specification: AttentionSpecification, _ selection: BlockSelection, key: Tensor, column: Int,
    from firstBlock: Int, into means: Tensor
  ) {
    var kernel = specification.kernel(query: key, key: key, value: key, output: key, compute: key.dtype)
    kernel.block = Int64(selection.size)
    apus_block_means(&kernel, Int64(firstBlock), key.pointer(column: column), means.floats.baseAddress)
  }

  public func chooseBlocks(
    _ specification: AttentionSpecification, _ selection: BlockSelection, query: Tensor, means: Tensor, into bits: Tensor
  ) {
    var kernel = specification.kernel(query: query, key: query, value: query, output: query, compute: query.dtype)
    (kernel.block, kernel.block_words) = (Int64(selection.size), Int64(bits.columns / 2))
    apus_choose_blocks(
      &kernel, query.pointer, means.floats.baseAddress, Int64(selection.first), Int64(selection.local),
      Int64(selection.count), bits.pointer.assumingMemoryBound(to: UInt64.self))
  }
}

extension AttentionSpecification {
  fileprivate func kernel(query: Tensor, key: Tensor, value: Tensor, output: Tensor, compute: DType) -> apus_attention
  {
    apus_attention(
      sequences: Int64(sequences), query_length: Int64(queryLength), key_length: Int64(keyLength),
      heads: Int64(heads), kv_heads: Int64(keyValueHeads), head_dim: Int64(headDimension),
      value_dim: Int64(valueDimension), q_stride: Int64(query.columns), k_stride: Int64(key.columns),
      v_stride: Int64(value.columns), out_stride: Int64(output.columns), dtype: query.dtype.kernel,
      compute: compute.kernel, scale: scale, causal: isCausal, window: Int64(window ?? 0),
      first_key: firstKeys.flatMap { UnsafePointer($0.integers.baseAddress) },
      last_key: lastKeys.flatMap { UnsafePointer($0.integers.baseAddress) }, chunk: Int64(chunk ?? 0),
      kept: Int64(keptFirstKeys), soft_cap: softCap ?? 0, slopes: slopes.flatMap { UnsafePointer($0.floats.baseAddress) },
      sinks: sinks.flatMap { UnsafePointer($0.floats.baseAddress) },
      blocks: chosenBlocks.map { UnsafePointer($0.bits.pointer.assumingMemoryBound(to: UInt64.self)) },
      block: Int64(chosenBlocks?.size ?? 0), block_words: Int64((chosenBlocks?.bits.columns ?? 0) / 2))
  }
}
