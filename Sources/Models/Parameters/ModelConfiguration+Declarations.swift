import Foundation

/// How wide the normal initialisation is at the layers that write to the residual stream.
public enum InitializationScaling: String, Sendable, CaseIterable {
  /// `std / sqrt(2 * layers)`, as in GPT-2 and nanotron's `NUM_LAYERS`.
  case depth
  /// `std` everywhere.
  case none
}

extension ModelConfiguration {
  /// Every parameter of the model in the order of its memory: fused projections are neighbours.
  ///
  /// Counting, forecasting, initialising, checkpointing and sharding all read this one list.
  public func declarations(scaling: InitializationScaling = .depth) -> [ParameterDeclaration] {
    let std = Float(initializerRange)
    let residualStd = scaling == .depth ? std / sqrtf(2 * Float(max(layerCount, 1))) : std
    func normal(_ name: String, _ shape: [Int], _ component: ParameterDeclaration.Component, axis: Int, _ std: Float)
      -> ParameterDeclaration
    {
      ParameterDeclaration(
        name: name, shape: shape, initialization: .normal(standardDeviation: std), shardAxis: axis,
        component: component)
    }
    func norm(_ name: String, _ width: Int) -> ParameterDeclaration {
      ParameterDeclaration(
        name: name, shape: [width], initialization: .constant(1), shardAxis: nil, component: .norm)
    }
    var list = [normal("model.embed_tokens.weight", [vocabularySize, hiddenSize], .embedding, axis: 0, std)]
    let queryWidth = headCount * headDimension
    let keyWidth = keyValueHeadCount * headDimension
    for layer in 0..<layerCount {
      let at = "model.layers.\(layer)"
      list.append(norm("\(at).input_layernorm.weight", hiddenSize))
      list.append(normal("\(at).self_attn.q_proj.weight", [queryWidth, hiddenSize], .attention, axis: 0, std))
      list.append(normal("\(at).self_attn.k_proj.weight", [keyWidth, hiddenSize], .attention, axis: 0, std))
      list.append(normal("\(at).self_attn.v_proj.weight", [keyWidth, hiddenSize], .attention, axis: 0, std))
      if queryKeyNorm {
        list.append(norm("\(at).self_attn.q_norm.weight", headDimension))
        list.append(norm("\(at).self_attn.k_norm.weight", headDimension))
      }
      list.append(normal("\(at).self_attn.o_proj.weight", [hiddenSize, queryWidth], .attention, axis: 1, residualStd))
      list.append(norm("\(at).post_attention_layernorm.weight", hiddenSize))
      list.append(normal("\(at).mlp.gate_proj.weight", [intermediateSize, hiddenSize], .feedForward, axis: 0, std))
      list.append(normal("\(at).mlp.up_proj.weight", [intermediateSize, hiddenSize], .feedForward, axis: 0, std))
      list.append(
        normal("\(at).mlp.down_proj.weight", [hiddenSize, intermediateSize], .feedForward, axis: 1, residualStd))
    }
    list.append(norm("model.norm.weight", hiddenSize))
    if !tiedEmbeddings { list.append(normal("lm_head.weight", [vocabularySize, hiddenSize], .outputHead, axis: 0, std)) }
    return list
  }
}
