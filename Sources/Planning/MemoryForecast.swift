public import Models
import Tensors

/// Bytes that training a model needs, by category.
public struct MemoryForecast: Sendable, Equatable {
  /// Float32 weights that the optimizer updates.
  public var masterWeights: Int
  /// Float32 sums of the gradients.
  public var gradients: Int
  /// What the optimizer keeps: AdamW's two float32 moments.
  public var moments: Int
  /// The matrices in the compute format, packed for the forward and for the backward products; a large output matrix
  /// only for the former.
  public var packedWeights: Int
  /// What the forward pass of one micro-batch keeps for the backward pass.
  public var activations: Int
  /// Logits of the tokens that the output head works on at once.
  public var logits: Int

  /// All categories together.
  public var total: Int { masterWeights + gradients + moments + packedWeights + activations + logits }

  /// Forecasts the memory of training `model`.
  ///
  /// Activations of a layer and token: the layer's input, both normalised inputs and the sum after attention (width
  /// each; where norms stand after the branches, what they gave), queries, keys, values and the attention's output,
  /// gate, up and their product (of experts, those of a token), in the compute format; the norms' scales and a
  /// log-sum-exp for each head in float32. With recompute only the layer's input stays, and one layer at a time is
  /// whole.
  ///
  /// - Parameters:
  ///   - microBatchSize: Sequences of a forward pass.
  ///   - sequenceLength: Tokens of each.
  ///   - recompute: Whether layers are computed again in the backward pass.
  ///   - computeBytes: 2 for bfloat16, 4 for float32.
  ///   - optimizerStateBytes: What the optimizer keeps; nil: AdamW's two moments.
  public init(
    _ model: ModelConfiguration, microBatchSize: Int, sequenceLength: Int, recompute: Bool, computeBytes: Int = 2,
    optimizerStateBytes: Int? = nil
  ) {
    let counts = model.parameterCounts
    masterWeights = 4 * counts.total
    gradients = 4 * counts.total
    moments = optimizerStateBytes ?? 8 * counts.total
    let head = model.vocabularySize * model.hiddenSize
    let matrices = counts.attention + counts.feedForward
    packedWeights = computeBytes * (2 * matrices + (head < WeightMatrix.large ? 2 : 0) * head)
    let tokens = microBatchSize * sequenceLength
    let heads = (model.headCount + 2 * model.keyValueHeadCount + model.headCount) * model.headDimension
    // Without norms before them the branches read the sums themselves.
    let wide = model.normPlacement == .around ? 6 : 4
    let layers = (0..<model.layerCount).map { layer in
      let inner = model.feedForward(layer: layer).keptElements(LayerSite(model, layer: layer))
      return computeBytes * (wide * model.hiddenSize + heads + inner) + 4 * (wide - 2 + model.headCount)
    }
    let kept =
      recompute
      ? model.layerCount * computeBytes * model.hiddenSize + (layers.max() ?? 0) : layers.reduce(0, +)
    activations = tokens * (kept + 2 * computeBytes * model.hiddenSize)
    let rows = CPUBackend().headRows(
      vocabulary: model.vocabularySize, compute: computeBytes == 2 ? .bfloat16 : .float32)
    logits = min(tokens, rows) * model.vocabularySize * computeBytes
  }

  /// Names and bytes of the categories, in the order of a table.
  public var categories: [(name: String, bytes: Int)] {
    [
      ("master weights", masterWeights), ("gradients", gradients), ("moments", moments),
      ("packed weights", packedWeights), ("activations", activations), ("logits", logits),
    ]
  }
}
