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
    let names = ParameterNames(self)
    func matrices(
      _ names: [String], rows: [Int], columns: Int, _ component: ParameterDeclaration.Component, axis: Int, _ std: Float
    ) -> [ParameterDeclaration] {
      zip(names, rows).map { normal("\($0).weight", [$1, columns], component, axis: axis, std) }
    }
    func norm(_ name: String?, _ width: Int) -> [ParameterDeclaration] {
      guard let name else { return [] }
      return [
        ParameterDeclaration(
          name: "\(name).weight", shape: [width], initialization: .constant(self.norm == .rmsOnePlus ? 0 : 1),
          shardAxis: nil, component: .norm)
      ]
    }
    let queryWidth = headCount * headDimension
    let keyWidth = keyValueHeadCount * headDimension
    var list = [normal("\(names.embedding).weight", [vocabularySize, hiddenSize], .embedding, axis: 0, std)]
    for layer in 0..<layerCount {
      let block = names.block(layer)
      list += norm(block.normBeforeAttention, hiddenSize)
      list += matrices(
        block.projection, rows: [queryWidth, keyWidth, keyWidth], columns: hiddenSize, .attention, axis: 0, std)
      if let queryKeyNorm {
        list += norm(block.queryNorm, queryKeyNorm == .head ? headDimension : queryWidth)
        list += norm(block.keyNorm, queryKeyNorm == .head ? headDimension : keyWidth)
      }
      list += matrices([block.output], rows: [hiddenSize], columns: queryWidth, .attention, axis: 1, residualStd)
      list += norm(block.normAfterAttention, hiddenSize)
      list += norm(block.normBeforeFeedForward, hiddenSize)
      list += matrices(
        block.feedForwardInputs, rows: block.feedForwardInputs.map { _ in intermediateSize }, columns: hiddenSize,
        .feedForward, axis: 0, std)
      list += matrices(
        [block.feedForwardOutput], rows: [hiddenSize], columns: intermediateSize, .feedForward, axis: 1, residualStd)
      list += norm(block.normAfterFeedForward, hiddenSize)
    }
    list += norm(names.finalNorm, hiddenSize)
    if !tiedEmbeddings {
      list.append(normal("\(names.head).weight", [vocabularySize, hiddenSize], .outputHead, axis: 0, std))
    }
    return list
  }
}
