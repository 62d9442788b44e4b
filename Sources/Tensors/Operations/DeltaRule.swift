extension Tape {
  /// The gated delta rule (Gated DeltaNet, arXiv:2412.06464; with a decay for each row of the state, Kimi Delta Attention,
  /// arXiv:2510.26692): S = e^decay * S; S = S + k (beta (v - S^T k))^T; output = scale * S^T q.
  /// - Parameters:
  ///   - query: `[tokens, keyHeads * keyDimension]`; key the same, its heads of length 1 at most.
  ///   - value: `[tokens, heads * valueDimension]`, as the result.
  ///   - decay: logarithms, at most 0, float32 `[tokens, heads]` or `[tokens, heads * keyDimension]`.
  ///   - beta: how much of the answer is replaced, float32 `[tokens, heads]`.
  ///   - state: as in ``linearAttention(query:key:value:decay:learnsDecay:_:state:)``.
  public mutating func deltaRule(
    query: Variable, key: Variable, value: Variable, decay: Variable, beta: Variable, _ s: LinearAttentionSpecification,
    state: Tensor? = nil
  ) -> Variable {
    precondition(state == nil || !isRecording, "gradients do not go through states from outside")
    let execution = execution
    let (q, k, v) = (query.tensor, key.tensor, value.tensor)
    let beta = beta, weights = beta.tensor
    let factors = execution.tensor(decay.tensor.shape, .float32)
    execution.backend.exponential(decay.tensor, compute: .float32, into: factors)
    let ofRows = factors.columns != s.heads
    let output = execution.tensor(v.shape)
    let stored = execution.tensor(v.shape, .float32)
    let (qs, ks) = (HeadVectors(q, share: s.share), HeadVectors(k, share: s.share))
    var rule = DeltaScan(
      sequences: s.sequences, length: s.length, heads: s.heads, keyDimension: s.keyDimension,
      valueDimension: s.valueDimension, query: qs, key: ks, value: HeadVectors(v), beta: weights, decay: factors,
      isReverse: false, firstKeys: s.firstKeys, output: HeadVectors(output, factor: s.scale), stored: stored,
      state: state)
    execution.backend.deltaRule(rule)
    rule.state = nil
    return record(inputs: [query, key, value, decay, beta], output: output) { [rule] gradient in
      let backend = execution.backend
      let d = HeadVectors(gradient, factor: s.scale)
      // The gradient of what is stored: the only part that is not a linear recurrence.
      let ofStored = execution.tensor(v.shape, .float32)
      var back = rule
      back.isReverse = true
      back.value = d
      back.output = nil
      back.stored = ofStored
      backend.deltaRule(back)
      let betaGradient = execution.tensor(weights.shape, .float32)
      backend.headDots(ofStored, stored, factor: 1, output: betaGradient)
      let added = execution.tensor(v.shape, .float32)
      backend.scaleHeads(stored, by: weights, output: added)
      let valueGradient = execution.tensor(v.shape, .float32)
      backend.scaleHeads(ofStored, by: weights, output: valueGradient)

      let (dq, dk) = (execution.tensor(q.shape, .float32), execution.tensor(k.shape, .float32))
      let width = StateScan.productWidth(lanes: s.keyDimension, ofLanes: ofRows)
      let products = execution.tensor([v.rows, s.heads * width], .float32)
      backend.fillZero(products)
      func scan(
        _ order: StateScan.Order, read: HeadVectors, row: HeadVectors, lane: HeadVectors, isReverse: Bool,
        into result: Tensor, factor: Float, reference: HeadVectors, sign: Float, accumulates: Bool
      ) {
        var scan = StateScan(
          s, order: order, read: read, row: row, lane: lane, decay: factors, axis: ofRows ? .lanes : .head, turned: true,
          isReverse: isReverse, output: HeadVectors(result, share: s.share, factor: factor),
          products: StateScan.Products(tensor: products, reference: reference, factor: sign, isOfLanes: ofRows))
        scan.accumulates = accumulates
        backend.scan(scan)
      }
      let (u, du) = (HeadVectors(added), HeadVectors(valueGradient))
      // With S the state and E its gradient: dq = S d; dk = E u - S' du, where S' is decayed but not yet added to.
      scan(
        .after, read: d, row: u, lane: ks, isReverse: false, into: dq, factor: 1, reference: qs, sign: 1,
        accumulates: false)
      scan(
        .decayed, read: du, row: u, lane: ks, isReverse: false, into: dk, factor: -1, reference: ks, sign: 1,
        accumulates: false)
      // E in two parts: what outputs bring, and what the answers to later keys take away.
      scan(
        .after, read: u, row: d, lane: qs, isReverse: true, into: dk, factor: 1, reference: ks, sign: -1,
        accumulates: true)
      scan(
        .decayed, read: u, row: du, lane: ks, isReverse: true, into: dk, factor: -1, reference: ks, sign: -1,
        accumulates: true)
      let decayGradient = execution.tensor(factors.shape, .float32)
      backend.decayGradient(
        products: products, sequences: s.sequences, heads: s.heads, ofLanes: ofRows, firstKeys: s.firstKeys,
        decayGradient: decayGradient)
      let computed = [dq, dk, valueGradient].map { exact -> Tensor in
        guard execution.compute != .float32 else { return exact }
        let rounded = execution.tensor(exact.shape)
        backend.convert(exact, into: rounded)
        return rounded
      }
      return computed + [decayGradient, betaGradient]
    }
  }
}
