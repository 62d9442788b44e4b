public import Models

extension ModelConfiguration {
  /// Floating-point operations that training does for one token, forward and backward, recompute not counted.
  ///
  /// Two operations for each multiplication and addition, once forward and twice backward: `6·N` for the parameters
  /// outside embedding and head that a token goes through (of experts, those chosen), `6·V·d` for the output head, and what each layer's mixer takes besides
  /// (`MixerKind.trainingOperationsPerToken`): `6·H·T` for causal attention over `T` tokens, where `H` is heads × head
  /// width. This is the count behind every model FLOPs utilisation (MFU) here.
  public func trainingOperationsPerToken(sequenceLength: Int) -> Double {
    let weights = 6 * Double(parameterCounts.activeWithoutEmbeddings)
    let head = 6 * Double(vocabularySize) * Double(hiddenSize)
    let mixing = (0..<layerCount).reduce(0.0) { sum, layer in
      sum + mixer(layer: layer).trainingOperationsPerToken(sequenceLength: sequenceLength, LayerSite(self, layer: layer))
    }
    return weights + head + mixing
  }
}
