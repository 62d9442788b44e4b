/// Everything that tells one linear attention from another.
public struct LinearAttentionSpecification: Sendable {
  public var sequences: Int
  public var length: Int
  /// Heads of values, each with a state.
  public var heads: Int
  /// Heads of queries and keys: divides `heads`; each serves `heads / keyHeads` of them.
  public var keyHeads: Int
  public var keyDimension: Int
  public var valueDimension: Int
  /// What results are multiplied by.
  public var scale: Float
  /// Whether a token reads the state before its own key and value are in it (RWKV).
  public var readsLast: Bool
  /// int32 `[tokens]`: the first token, within its sequence, of each one's document: states begin anew there.
  public var firstKeys: Tensor?

  public init(
    sequences: Int, length: Int, heads: Int, keyHeads: Int? = nil, keyDimension: Int, valueDimension: Int,
    scale: Float = 1, readsLast: Bool = false, firstKeys: Tensor? = nil
  ) {
    self.sequences = sequences
    self.length = length
    self.heads = heads
    self.keyHeads = keyHeads ?? heads
    self.keyDimension = keyDimension
    self.valueDimension = valueDimension
    self.scale = scale
    self.readsLast = readsLast
    self.firstKeys = firstKeys
  }

  /// Heads that have a query and a key together.
  var share: Int { heads / keyHeads }
}

extension Tape {
  /// Gated linear attention: S = e^decay * S + k v^T, output = scale * q^T S, for every head.
  ///
  /// Chunks of tokens go through tiles of the state, so that strong decays need no care; see `scan.c`.
  /// - Parameters:
  ///   - query: `[tokens, keyHeads * keyDimension]`; key the same.
  ///   - value: `[tokens, heads * valueDimension]`, as the result.
  ///   - decay: logarithms, at most 0, float32 `[tokens, heads]`, or `[tokens, heads * keyDimension]` with one for each
  ///     row of the state; nil: nothing is forgotten.
  ///   - learnsDecay: whether the decay is to have a gradient.
  ///   - state: float32 `[sequences, heads, keyDimension, valueDimension]`, the state before and, then, after; only
  ///     where nothing is recorded.
  public mutating func linearAttention(
    query: Variable, key: Variable, value: Variable, decay: Variable? = nil, learnsDecay: Bool = true,
    _ s: LinearAttentionSpecification, state: Tensor? = nil
  ) -> Variable {
    precondition(state == nil || !isRecording, "gradients do not go through states from outside")
    let execution = execution
    let (q, k, v) = (query.tensor, key.tensor, value.tensor)
    let factors = decay.map { decay in
      let factors = execution.tensor(decay.tensor.shape, .float32)
      execution.backend.exponential(decay.tensor, compute: .float32, into: factors)
      return factors
    }
    let ofRows = factors.map { $0.columns != s.heads } ?? false
    let output = execution.tensor(v.shape)
    var scan = StateScan(
      s, read: HeadVectors(q, share: s.share), row: HeadVectors(k, share: s.share), lane: HeadVectors(v),
      decay: factors, axis: ofRows ? .rows : .head, output: HeadVectors(output, factor: s.scale))
    scan.state = state
    execution.backend.scan(scan)
    let learned = learnsDecay ? factors : nil
    let inputs = [query, key, value] + (learnsDecay ? decay.map { [$0] } ?? [] : [])
    return record(inputs: inputs, output: output) { gradient in
      let backend = execution.backend
      let (dq, dk, dv) = (execution.tensor(q.shape), execution.tensor(k.shape), execution.tensor(v.shape))
      let products = learned.map { _ in
        let width = StateScan.productWidth(lanes: s.keyDimension, ofLanes: ofRows)
        let products = execution.tensor([v.rows, s.heads * width], .float32)
        backend.fillZero(products)
        return products
      }
      func noted(_ reference: Tensor, _ factor: Float) -> StateScan.Products? {
        products.map {
          StateScan.Products(
            tensor: $0, reference: HeadVectors(reference, share: s.share), factor: factor, isOfLanes: ofRows)
        }
      }
      let d = HeadVectors(gradient, factor: s.scale)
      let (qs, ks) = (HeadVectors(q, share: s.share), HeadVectors(k, share: s.share))
      // dq = S d; dv = E^T k and dk = E v with E = q d^T + what comes back from later tokens.
      backend.scan(
        StateScan(
          s, read: d, row: HeadVectors(v), lane: ks, decay: factors, axis: ofRows ? .lanes : .head, turned: true,
          output: HeadVectors(dq, share: s.share), products: noted(q, 1)))
      backend.scan(
        StateScan(
          s, read: HeadVectors(v), row: d, lane: qs, decay: factors, axis: ofRows ? .lanes : .head, turned: true,
          isReverse: true, output: HeadVectors(dk, share: s.share), products: noted(k, -1)))
      backend.scan(
        StateScan(
          s, read: ks, row: qs, lane: d, decay: factors, axis: ofRows ? .rows : .head, isReverse: true,
          output: HeadVectors(dv)))
      guard let products, let learned else { return [dq, dk, dv] }
      let decayGradient = execution.tensor(learned.shape, .float32)
      backend.decayGradient(
        products: products, sequences: s.sequences, heads: s.heads, ofLanes: ofRows, firstKeys: s.firstKeys,
        decayGradient: decayGradient)
      return [dq, dk, dv, decayGradient]
    }
  }
}

extension StateScan {
  /// A scan of the specification's states, or of their transposes.
  init(
    _ s: LinearAttentionSpecification, order: Order? = nil, read: HeadVectors, row: HeadVectors, lane: HeadVectors,
    decay: Tensor?, axis: DecayAxis, turned: Bool = false, isReverse: Bool = false, output: HeadVectors,
    products: Products? = nil
  ) {
    self.init(
      sequences: s.sequences, length: s.length, heads: s.heads, rows: turned ? s.valueDimension : s.keyDimension,
      lanes: turned ? s.keyDimension : s.valueDimension, read: read, row: row, lane: lane, decay: decay,
      decayAxis: axis, order: order ?? (s.readsLast ? .last : .after), isReverse: isReverse, firstKeys: s.firstKeys,
      output: output, products: products)
  }
}
