/// A mixer's operation without its projections, forward and backward over one sequence, to be timed.
public struct RecurrenceTiming: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case softmax
    case linear
    /// With a decay for each channel of the keys.
    case gated
    /// With a decay for each head.
    case delta
  }

  public var kind: Kind
  public var length: Int
  public var heads: Int
  public var dimension: Int
  public var compute: DType

  public init(_ kind: Kind, length: Int, heads: Int, dimension: Int, compute: DType) {
    self.kind = kind
    self.length = length
    self.heads = heads
    self.dimension = dimension
    self.compute = compute
  }

  /// The seconds of each run, after a first one that is not counted.
  public func times(
    on backend: any Backend = CPUBackend(), seconds: Double, minimumRuns: Int = 3
  ) -> [Double] {
    let execution = Execution(backend: backend, compute: compute)
    let width = heads * dimension
    let random = Philox(seed: 1, purpose: "mixers")
    func values(_ shape: [Int], _ type: DType, from low: Float, to high: Float) -> Tensor {
      let count = shape.reduce(1, *)
      return Tensor(
        (0..<count).map { low + (high - low) * random.uniform(UInt64($0)) }, shape: shape, dtype: type,
        in: execution.arena)
    }
    let qkv = values([length, 3 * width], compute, from: -0.1, to: 0.1)
    let parts = (0..<3).map { _ in values([length, width], compute, from: -0.1, to: 0.1) }
    let gradient = values([length, width], compute, from: -1, to: 1)
    let decay = values([length, kind == .gated ? width : heads], .float32, from: -0.1, to: 0)
    let beta = values([length, heads], .float32, from: 0, to: 1)
    let specification = LinearAttentionSpecification(
      sequences: 1, length: length, heads: heads, keyDimension: dimension, valueDimension: dimension)
    return repeatedTimes(in: execution, seconds: seconds, minimumRuns: minimumRuns) {
      var tape = Tape(execution)
      let output: Variable
      switch kind {
      case .softmax:
        output = tape.attention(
          tape.variable(qkv),
          AttentionSpecification(
            sequences: 1, queryLength: length, heads: heads, keyValueHeads: heads, headDimension: dimension))
      case .linear, .gated:
        let x = parts.map { tape.variable($0) }
        output = tape.linearAttention(
          query: x[0], key: x[1], value: x[2], decay: kind == .gated ? tape.variable(decay) : nil, specification)
      case .delta:
        let x = parts.map { tape.variable($0) }
        output = tape.deltaRule(
          query: x[0], key: x[1], value: x[2], decay: tape.variable(decay), beta: tape.variable(beta), specification)
      }
      tape.backward(from: [(output, gradient: gradient)])
    }
  }
}
