/// Everything that tells one attention from another.
public struct AttentionSpecification: Sendable {
  /// Sequences in the batch; all have the same lengths.
  public var sequences: Int
  public var queryLength: Int
  /// At least `queryLength`: queries are the last tokens of the keys' range.
  public var keyLength: Int
  public var heads: Int
  /// Divides `heads`: each serves `heads / keyValueHeads` query heads.
  public var keyValueHeads: Int
  /// Width of a query and key head.
  public var headDimension: Int
  /// Width of a value head.
  public var valueDimension: Int
  /// What scores are multiplied by; `1 / sqrt(headDimension)` unless said otherwise.
  public var scale: Float
  /// A query sees no later key.
  public var isCausal: Bool
  /// A query sees at most so many keys, its own included.
  public var window: Int?
  /// `[sequences, queryLength]` int32: the first key that a query may see, where documents begin.
  public var firstKeys: Tensor?
  /// `[sequences, queryLength]` int32: the last key that a query may see.
  public var lastKeys: Tensor?
  /// A query sees only keys of its own chunk of so many, counted from its document's first (Llama 4).
  public var chunk: Int?
  /// Of a document's first keys so many are seen beyond window and chunk (StreamingLLM, arXiv:2309.17453).
  public var keptFirstKeys = 0
  /// Scores x become `softCap * tanh(x / softCap)` (Gemma 2, arXiv:2408.00118).
  public var softCap: Float?
  /// `[heads]` float32: what a score loses for each key between query and key (ALiBi, arXiv:2108.12409).
  public var slopes: Tensor?
  /// `[heads]` float32: the score of one more column of the softmax, which has no value (gpt-oss).
  public var sinks: Tensor?
  /// Which blocks of keys each query sees, beside all that is said above.
  public var chosenBlocks: ChosenBlocks?

  /// Creates a specification.
  public init(
    sequences: Int, queryLength: Int, keyLength: Int? = nil, heads: Int, keyValueHeads: Int, headDimension: Int,
    valueDimension: Int? = nil, scale: Float? = nil, isCausal: Bool = true, window: Int? = nil,
    firstKeys: Tensor? = nil
  ) {
    self.sequences = sequences
    self.queryLength = queryLength
    self.keyLength = keyLength ?? queryLength
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.valueDimension = valueDimension ?? headDimension
    self.scale = scale ?? 1 / Float(headDimension).squareRoot()
    self.isCausal = isCausal
    self.window = window
    self.firstKeys = firstKeys
  }
}

/// Blocks of keys, counted from a document's first key, that queries see.
public struct ChosenBlocks: Sendable {
  /// Keys of a block.
  public var size: Int
  /// `[sequences, heads, queryLength, 2 * words]` int32: bit `b` of a query's words of 64 bits is its document's block `b`.
  public var bits: Tensor

  /// Blocks of `size` keys that `bits` choose.
  public init(size: Int, bits: Tensor) {
    (self.size, self.bits) = (size, bits)
  }
}

/// At which columns of their tensors queries, keys and values begin: all three may lie in one fused projection.
public struct AttentionColumns: Sendable {
  public var query: Int
  public var key: Int
  public var value: Int

  /// Creates the offsets; by default each has a tensor of its own.
  public init(query: Int = 0, key: Int = 0, value: Int = 0) {
    self.query = query
    self.key = key
    self.value = value
  }
}
