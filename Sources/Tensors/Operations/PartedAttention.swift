/// Queries for some of the keys: those from `firstKeys` to `lastKeys`, int32 `[sequences, queryLength]` each.
public struct AttentionPart<Queries: Sendable>: Sendable {
  /// `[tokens, heads * headDimension]`.
  public var query: Queries
  public var firstKeys, lastKeys: Tensor

  /// Queries for keys in a range.
  public init(query: Queries, firstKeys: Tensor, lastKeys: Tensor) {
    (self.query, self.firstKeys, self.lastKeys) = (query, firstKeys, lastKeys)
  }

  fileprivate func narrowed(_ specification: AttentionSpecification) -> AttentionSpecification {
    var narrowed = specification
    (narrowed.firstKeys, narrowed.lastKeys) = (firstKeys, lastKeys)
    return narrowed
  }
}

extension Execution {
  /// One softmax over keys that tokens ask with several queries, each its own part of them.
  public func attention(
    _ parts: [AttentionPart<Tensor>], key: Tensor, value: Tensor, _ specification: AttentionSpecification
  ) -> (output: Tensor, logSumExp: Tensor) {
    let shape = [parts[0].query.rows, specification.heads * specification.valueDimension]
    let sums = [specification.sequences, specification.heads, specification.queryLength]
    let results = parts.map { part in
      let (output, logSumExp) = (tensor(shape), tensor(sums, .float32))
      backend.attention(
        part.narrowed(specification), query: part.query, key: key, value: value, columns: AttentionColumns(),
        output: output, logSumExp: logSumExp, compute: compute)
      return (output: output, logSumExp: logSumExp)
    }
    guard results.count > 1 else { return results[0] }
    let (output, logSumExp) = (tensor(shape), tensor(sums, .float32))
    backend.mergeAttention(specification, results, output: output, logSumExp: logSumExp)
    return (output, logSumExp)
  }
}

extension Tape {
  /// One softmax over keys that tokens ask with several queries, each its own part of them: dual-chunk attention
  /// (arXiv:2402.17463). No key may be in two parts of a query.
  public mutating func attention(
    _ parts: [AttentionPart<Variable>], key: Variable, value: Variable, _ specification: AttentionSpecification
  ) -> Variable {
    let execution = execution
    let (k, v) = (key.tensor, value.tensor)
    let tensors = parts.map {
      AttentionPart(query: $0.query.tensor, firstKeys: $0.firstKeys, lastKeys: $0.lastKeys)
    }
    let (output, logSumExp) = execution.attention(tensors, key: k, value: v, specification)
    return record(inputs: parts.map(\.query) + [key, value], output: output) { gradient in
      // With the output and the sum of the whole softmax, each part gives its own share of the gradients.
      var keyGradient: Tensor?
      var valueGradient: Tensor?
      func add(_ a: Tensor?, _ b: Tensor) -> Tensor {
        guard let a else { return b }
        let sum = execution.tensor(b.shape)
        execution.backend.add(a, b, into: sum)
        return sum
      }
      let queryGradients = tensors.map { part in
        let (dq, dk, dv) = (execution.tensor(part.query.shape), execution.tensor(k.shape), execution.tensor(v.shape))
        execution.backend.attentionBackward(
          part.narrowed(specification), query: part.query, key: k, value: v, columns: AttentionColumns(),
          output: output, logSumExp: logSumExp, outputGradient: gradient, queryGradient: dq, keyGradient: dk,
          valueGradient: dv, compute: execution.compute)
        keyGradient = add(keyGradient, dk)
        valueGradient = add(valueGradient, dv)
        return dq
      }
      return queryGradients + [keyGradient, valueGradient]
    }
  }
}
