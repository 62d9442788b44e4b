public import Models
import Tensors

/// What generation remembers of a text: keys and values, latents, or sums of the past.
public struct StateMemory: Sendable, Equatable {
  /// Numbers that one more token adds to a long text, over all layers; 0 for layers that sum the past up or see only a
  /// window of it.
  public var elementsPerToken: Int
  /// Numbers whose count does not depend on the length of a long text.
  public var fixedElements: Int

  /// So many numbers for each token, and so many besides.
  public init(elementsPerToken: Int, fixedElements: Int) {
    (self.elementsPerToken, self.fixedElements) = (elementsPerToken, fixedElements)
  }

  /// Numbers after `tokens` tokens, at least as many as windows and chunks are long.
  public func elements(tokens: Int) -> Int { fixedElements + tokens * elementsPerToken }

  /// The memory of a sequence in a model, all layers together: `2 · g · layers · headDimension` a token for softmax
  /// attention with `g` key-value heads.
  public init(_ model: ModelConfiguration) {
    // In float32 two texts as long as the model is meant for tell what grows from what does not.
    func elements(_ tokens: Int) -> Int {
      DecoderState.byteCount(tokens: tokens, model, compute: .float32) / DType.float32.byteCount
    }
    let length = model.contextLength
    elementsPerToken = elements(length) - elements(length - 1)
    fixedElements = elements(length) - length * elementsPerToken
  }
}

/// The ways of sharing keys and values over heads, for a model's sizes.
public struct AttentionVariants: Sendable {
  /// One of them.
  public struct Row: Sendable, Equatable {
    public var name: String
    /// Numbers kept for each token, over all layers.
    public var elementsPerToken: Double
  }

  /// From the most memory to the least.
  public let rows: [Row]

  /// Multi-head attention `2 · heads · layers · headDimension`, grouped attention with 8, 4 and 2 groups where there are
  /// more heads, multi-query attention, and multi-head latent attention with DeepSeek-V2's widths, `4.5 · layers ·
  /// headDimension` (arXiv:2405.04434).
  public init(_ model: ModelConfiguration) {
    let unit = Double(model.layerCount * model.headDimension)
    var rows = [Row(name: "MHA, \(model.headCount) heads", elementsPerToken: 2 * Double(model.headCount) * unit)]
    for groups in [8, 4, 2] where groups < model.headCount {
      rows.append(Row(name: "GQA, \(groups) groups", elementsPerToken: 2 * Double(groups) * unit))
    }
    rows.append(Row(name: "MLA, latents of 4.5 head widths", elementsPerToken: 4.5 * unit))
    rows.append(Row(name: "MQA, 1 group", elementsPerToken: 2 * unit))
    self.rows = rows.sorted { $0.elementsPerToken > $1.elementsPerToken }
  }
}
