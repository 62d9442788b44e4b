public import Models

extension ModelConfiguration {
  /// Floating-point operations that training does for one token, forward and backward, recompute not counted.
  ///
  /// Two operations for each multiplication and addition, once forward and twice backward: `6·N` for the parameters
  /// outside embedding and head, `6·V·d` for the output head, and `12·H·c` a layer for attention, where `H` is
  /// heads × head width and `c` the mean number of tokens attended to: `T/2` for causal attention over `T` tokens, so
  /// `6·H·T`, and `w − w²/2T` inside a window of `w`. This is the count behind every model FLOPs utilisation (MFU) here.
  public func trainingOperationsPerToken(sequenceLength: Int) -> Double {
    let weights = 6 * Double(parameterCounts.withoutEmbeddings)
    let head = 6 * Double(vocabularySize) * Double(hiddenSize)
    let width = Double(headCount * headDimension)
    var attention = 0.0
    for layer in 0..<layerCount {
      let length = Double(sequenceLength)
      let window = min(length, slidingWindow(layer: layer).map(Double.init) ?? length)
      attention += 12 * width * (window - window * window / (2 * length))
    }
    return weights + head + attention
  }
}
