/// What a device computes for mixers that remember a sum of the past instead of the past itself.
public protocol RecurrenceBackend: Sendable {
  /// Runs a state over sequences.
  func scan(_ scan: StateScan)
  /// The gradient of the logarithm of a decay, `[tokens, heads]` or `[tokens, heads * width]`, from the products that
  /// scans have left: for each token their sum to the end of its document.
  func decayGradient(
    products: Tensor, sequences: Int, heads: Int, ofLanes: Bool, firstKeys: Tensor?, decayGradient: Tensor)
  /// The gated delta rule over sequences.
  func deltaRule(_ rule: DeltaScan)

  /// Causal convolution of every channel over the last tokens of its document.
  func convolution(_ convolution: ChannelConvolution, output: Tensor)
  func convolutionBackward(
    _ convolution: ChannelConvolution, outputGradient: Tensor, inputGradient: Tensor, weightGradient: Tensor?,
    biasGradient: Tensor?)

  /// Mamba's selective scan: output `[tokens, channels]`.
  func selectiveScan(_ scan: SelectiveScan, output: Tensor)
  /// Its gradients; that of the rates is added to.
  func selectiveScanBackward(
    _ scan: SelectiveScan, outputGradient: Tensor, inputGradient: Tensor, stepGradient: Tensor, keyGradient: Tensor,
    queryGradient: Tensor, rateGradient: Tensor)

  /// output = factor * f(x + bias), in the output's type.
  func map(_ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, output: Tensor)
  func mapBackward(
    _ function: PointFunction, _ x: Tensor, bias: Tensor?, factor: Float, outputGradient: Tensor, inputGradient: Tensor,
    biasGradient: Tensor?)
  /// output = x * f(gate).
  func gate(_ function: PointFunction, _ x: Tensor, by gate: Tensor, output: Tensor)
  func gateBackward(
    _ function: PointFunction, _ x: Tensor, by gate: Tensor, outputGradient: Tensor, inputGradient: Tensor,
    gateGradient: Tensor)
  /// output = plus + x * w, where as many columns share a weight as there are for each.
  func scaleColumns(_ x: Tensor, by weight: Tensor, factor: ColumnFactor, plus: Tensor?, output: Tensor)
  func scaleColumnsBackward(
    _ x: Tensor, by weight: Tensor, factor: ColumnFactor, outputGradient: Tensor, inputGradient: Tensor,
    weightGradient: Tensor?)
  /// output = x with each head times a number of scale, float32 `[rows, heads]`.
  func scaleHeads(_ x: Tensor, by scale: Tensor, output: Tensor)
  /// output float32 `[rows, heads]` = factor times the sums of a * b over each head's columns.
  func headDots(_ a: Tensor, _ b: Tensor, factor: Float, output: Tensor)
}

/// Functions of one number.
public enum PointFunction: String, Sendable, CaseIterable {
  case identity, sigmoid, silu, logSigmoid, softplus, exp, tanh, relu
  /// log(max(1 - x, 1e-6)).
  case logOneMinus
}

/// What a weight makes of the number that multiplies a column.
public enum ColumnFactor: Sendable {
  case weight
  /// -e^weight.
  case negativeExp
  /// The weight's sigmoid.
  case sigmoid
}

/// Vectors of every token and head inside the rows of a tensor.
public struct HeadVectors: Sendable {
  public var tensor: Tensor
  /// Column of the first head.
  public var column: Int
  /// So many heads have one vector together.
  public var share: Int
  /// What every element is multiplied by.
  public var factor: Float

  public init(_ tensor: Tensor, column: Int = 0, share: Int = 1, factor: Float = 1) {
    self.tensor = tensor
    self.column = column
    self.share = share
    self.factor = factor
  }
}

/// A linear recurrence: for every sequence and head a state S `[rows, lanes]`, to which each token in turn does
/// S = decay * S + row lane^T and gives read^T S.
public struct StateScan: Sendable {
  /// When a token reads the state.
  public enum Order: Sendable {
    /// Decayed and with its own product.
    case after
    /// Decayed, without its own product.
    case decayed
    /// As the token before left it.
    case last
  }
  /// What the decay has a number for.
  public enum DecayAxis: Sendable { case head, rows, lanes }

  public var sequences: Int
  public var length: Int
  public var heads: Int
  public var rows: Int
  public var lanes: Int
  public var read: HeadVectors
  public var row: HeadVectors
  public var lane: HeadVectors
  /// Factors from 0 to 1, float32 `[tokens, heads]`, `[tokens, heads * rows]` or `[tokens, heads * lanes]`.
  public var decay: Tensor?
  public var decayAxis: DecayAxis
  public var order: Order
  /// From the last token to the first: the adjoint.
  public var isReverse: Bool
  /// int32 `[tokens]`: the first token, within its sequence, of each one's document: states begin anew there.
  public var firstKeys: Tensor?
  /// Where the results go; `share` heads are summed.
  public var output: HeadVectors
  /// Adds to what is in the output, which is float32.
  public var accumulates: Bool
  /// float32 `[sequences, heads, rows, lanes]`: the state before and, then, after; nil: it begins as zero.
  public var state: Tensor?
  /// For the decay's gradient: `tensor` += factor times the products of `reference` and the result.
  public var products: Products?

  public init(
    sequences: Int, length: Int, heads: Int, rows: Int, lanes: Int, read: HeadVectors, row: HeadVectors,
    lane: HeadVectors, decay: Tensor? = nil, decayAxis: DecayAxis = .head, order: Order = .after,
    isReverse: Bool = false, firstKeys: Tensor? = nil, output: HeadVectors, accumulates: Bool = false,
    state: Tensor? = nil, products: Products? = nil
  ) {
    self.sequences = sequences
    self.length = length
    self.heads = heads
    self.rows = rows
    self.lanes = lanes
    self.read = read
    self.row = row
    self.lane = lane
    self.decay = decay
    self.decayAxis = decayAxis
    self.order = order
    self.isReverse = isReverse
    self.firstKeys = firstKeys
    self.output = output
    self.accumulates = accumulates
    self.state = state
    self.products = products
  }

  public struct Products: Sendable {
    /// float32 `[tokens, heads * width]`, where the width is ``StateScan/productWidth(lanes:ofLanes:)``.
    public var tensor: Tensor
    public var reference: HeadVectors
    public var factor: Float
    /// Lane by lane, not summed over blocks of them.
    public var isOfLanes: Bool

    public init(tensor: Tensor, reference: HeadVectors, factor: Float, isOfLanes: Bool) {
      self.tensor = tensor
      self.reference = reference
      self.factor = factor
      self.isOfLanes = isOfLanes
    }
  }
}

/// The gated delta rule (Gated DeltaNet, arXiv:2412.06464): S = decay * S; w = v - S^T k; S = S + k (beta w)^T; S^T q.
public struct DeltaScan: Sendable {
  public var sequences: Int
  public var length: Int
  public var heads: Int
  public var keyDimension: Int
  public var valueDimension: Int
  public var query: HeadVectors
  public var key: HeadVectors
  /// Values; the gradient of the results where reversed.
  public var value: HeadVectors
  /// float32 `[tokens, heads]`.
  public var beta: Tensor
  /// Factors from 0 to 1, float32 `[tokens, heads]` or `[tokens, heads * keyDimension]`.
  public var decay: Tensor?
  public var isReverse: Bool
  public var firstKeys: Tensor?
  /// nil where reversed.
  public var output: HeadVectors?
  /// w, float32 `[tokens, heads * valueDimension]`; where reversed, the gradient of beta w.
  public var stored: Tensor
  /// float32 `[sequences, heads, keyDimension, valueDimension]`: the state before and, then, after.
  public var state: Tensor?

  public init(
    sequences: Int, length: Int, heads: Int, keyDimension: Int, valueDimension: Int, query: HeadVectors,
    key: HeadVectors, value: HeadVectors, beta: Tensor, decay: Tensor? = nil, isReverse: Bool = false,
    firstKeys: Tensor? = nil, output: HeadVectors?, stored: Tensor, state: Tensor? = nil
  ) {
    self.sequences = sequences
    self.length = length
    self.heads = heads
    self.keyDimension = keyDimension
    self.valueDimension = valueDimension
    self.query = query
    self.key = key
    self.value = value
    self.beta = beta
    self.decay = decay
    self.isReverse = isReverse
    self.firstKeys = firstKeys
    self.output = output
    self.stored = stored
    self.state = state
  }
}

/// A causal convolution of every channel by itself, and what follows it.
public struct ChannelConvolution: Sendable {
  public var sequences: Int
  public var length: Int
  /// `[tokens, channels]`.
  public var input: Tensor
  /// float32, `taps` numbers for each channel, the last for the token itself.
  public var weight: Tensor
  public var taps: Int
  public var bias: Tensor?
  /// Whether SiLU follows.
  public var hasSiLU: Bool
  public var firstKeys: Tensor?
  /// `[taps - 1, channels]`: the rows before a single sequence's first; then those before the next.
  public var history: Tensor?

  public init(
    sequences: Int, length: Int, input: Tensor, weight: Tensor, taps: Int, bias: Tensor?, hasSiLU: Bool,
    firstKeys: Tensor? = nil, history: Tensor? = nil
  ) {
    self.sequences = sequences
    self.length = length
    self.input = input
    self.weight = weight
    self.taps = taps
    self.bias = bias
    self.hasSiLU = hasSiLU
    self.firstKeys = firstKeys
    self.history = history
  }
}

/// Mamba's selective scan (arXiv:2312.00752): every channel has a state of its own,
/// h = e^(step * rate) * h + step * x * key, and gives query . h.
public struct SelectiveScan: Sendable {
  public var sequences: Int
  public var length: Int
  /// `[tokens, channels]`.
  public var input: Tensor
  /// float32 `[tokens, channels]`.
  public var step: Tensor
  /// float32 `[channels, states]`, below 0.
  public var rate: Tensor
  /// `[tokens, states]`, Mamba's B; `query`, its C, the same.
  public var key: Tensor
  public var query: Tensor
  public var firstKeys: Tensor?
  /// float32 `[sequences, channels, states]`: the state before and, then, after.
  public var state: Tensor?

  public init(
    sequences: Int, length: Int, input: Tensor, step: Tensor, rate: Tensor, key: Tensor, query: Tensor,
    firstKeys: Tensor? = nil, state: Tensor? = nil
  ) {
    self.sequences = sequences
    self.length = length
    self.input = input
    self.step = step
    self.rate = rate
    self.key = key
    self.query = query
    self.firstKeys = firstKeys
    self.state = state
  }
}
