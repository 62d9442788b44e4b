import CKernels

extension CPUBackend {
  public func rotary(_ x: Tensor, heads: Int, dimension: Int, positions: Tensor, table: Tensor, inverse: Bool) {
    apus_rotary(
      Int64(x.rows), Int64(heads), Int64(dimension), Int64(x.columns), x.pointer, positions.integers.baseAddress,
      table.floats.baseAddress, inverse, x.dtype.kernel)
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
      first_key: firstKeys.map { UnsafePointer($0.integers.baseAddress!) })
  }
}
