extension Tape {
  /// Attention over a fused projection `[tokens, (heads + 2 * keyValueHeads) * headDimension]`, queries first, then
  /// keys, then values: `[tokens, heads * headDimension]`.
  /// - Parameter sinks: the specification's, as a weight.
  public mutating func attention(
    _ projection: Variable, _ specification: AttentionSpecification, sinks: Parameter? = nil
  ) -> Variable {
    let execution = execution
    var s = specification
    s.sinks = sinks?.master
    let specification = s
    let qkv = projection.tensor
    let columns = AttentionColumns(
      query: 0, key: s.heads * s.headDimension, value: (s.heads + s.keyValueHeads) * s.headDimension)
    let output = execution.tensor([qkv.rows, s.heads * s.valueDimension])
    let logSumExp = execution.tensor([s.sequences, s.heads, s.queryLength], .float32)
    execution.backend.attention(
      s, query: qkv, key: qkv, value: qkv, columns: columns, output: output, logSumExp: logSumExp,
      compute: execution.compute)
    return record(inputs: [projection], output: output) { gradient in
      let inputGradient = execution.tensor(qkv.shape)
      if let sinkGradient = sinks?.gradient {
        execution.backend.attentionSinkGradient(
          specification, output: output, logSumExp: logSumExp, outputGradient: gradient, sinkGradient: sinkGradient)
      }
      execution.backend.attentionBackward(
        specification, query: qkv, key: qkv, value: qkv, columns: columns, output: output, logSumExp: logSumExp,
        outputGradient: gradient, queryGradient: inputGradient, keyGradient: inputGradient,
        valueGradient: inputGradient, compute: execution.compute)
      return [inputGradient]
    }
  }

  /// Attention of queries `[tokens, heads * headDimension]`, keys `[tokens, keyValueHeads * headDimension]` and values
  /// `[tokens, keyValueHeads * valueDimension]`: `[tokens, heads * valueDimension]`.
  public mutating func attention(
    query: Variable, key: Variable, value: Variable, _ specification: AttentionSpecification
  ) -> Variable {
    let execution = execution
    let (q, k, v) = (query.tensor, key.tensor, value.tensor)
    let output = execution.tensor([q.rows, specification.heads * specification.valueDimension])
    let logSumExp = execution.tensor(
      [specification.sequences, specification.heads, specification.queryLength], .float32)
    execution.backend.attention(
      specification, query: q, key: k, value: v, columns: AttentionColumns(), output: output, logSumExp: logSumExp,
      compute: execution.compute)
    return record(inputs: [query, key, value], output: output) { gradient in
      let gradients = [q, k, v].map { execution.tensor($0.shape) }
      execution.backend.attentionBackward(
        specification, query: q, key: k, value: v, columns: AttentionColumns(), output: output, logSumExp: logSumExp,
        outputGradient: gradient, queryGradient: gradients[0], keyGradient: gradients[1],
        valueGradient: gradients[2], compute: execution.compute)
      return gradients
    }
  }
}
