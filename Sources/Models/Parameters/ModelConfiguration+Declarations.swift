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
    let names = ParameterNames(self)
    var list = [matrix(names.embedding, [vocabularySize, hiddenSize], .embedding, axis: 0, std)]
    if positions == .learned {
      list.append(matrix(names.positions, [contextLength, hiddenSize], .embedding, axis: nil, std))
    }
    for layer in 0..<layerCount { list += block(names.block(layer), std, residualStd) }
    list += norm(names.finalNorm, hiddenSize)
    if !tiedEmbeddings { list.append(matrix(names.head, [vocabularySize, hiddenSize], .outputHead, axis: 0, std)) }
    return list
  }

  private func block(_ names: ParameterNames.Block, _ std: Float, _ residualStd: Float) -> [ParameterDeclaration] {
    let queryWidth = headCount * headDimension
    let keyWidth = keyValueHeadCount * headDimension
    // A projection in one holds the rows of all three.
    let rows = names.projection.count == 1 ? [queryWidth + 2 * keyWidth] : [queryWidth, keyWidth, keyWidth]
    var list = norm(names.normBeforeAttention, hiddenSize)
    list += linear(
      names.projection, rows: rows, columns: hiddenSize, .attention, axis: 0, std, hasBias: queryKeyValueBias)
    if rows.count == 1, let fused = list.firstIndex(where: { $0.name == "\(names.projection[0]).weight" }) {
      list[fused].fusedRows = [queryWidth, keyWidth, keyWidth]
    }
    if let queryKeyNorm {
      list += norm(names.queryNorm, queryKeyNorm == .head ? headDimension : queryWidth)
      list += norm(names.keyNorm, queryKeyNorm == .head ? headDimension : keyWidth)
    }
    list += linear(
      [names.output], rows: [hiddenSize], columns: queryWidth, .attention, axis: 1, residualStd,
      hasBias: attentionOutputBias)
    list += norm(names.normAfterAttention, hiddenSize)
    list += norm(names.normBeforeFeedForward, hiddenSize)
    list += linear(
      names.feedForwardInputs, rows: names.feedForwardInputs.map { _ in intermediateSize }, columns: hiddenSize,
      .feedForward, axis: 0, std, hasBias: feedForwardBias)
    list += linear(
      [names.feedForwardOutput], rows: [hiddenSize], columns: intermediateSize, .feedForward, axis: 1, residualStd,
      hasBias: feedForwardBias)
    return list + norm(names.normAfterFeedForward, hiddenSize)
  }

  /// Matrices that are multiplied as one, then their biases.
  private func linear(
    _ names: [String], rows: [Int], columns: Int, _ component: ParameterDeclaration.Component, axis: Int,
    _ std: Float, hasBias: Bool
  ) -> [ParameterDeclaration] {
    let weights = zip(names, rows).map { name, rows in
      matrix(name, [rows, columns], component, axis: axis, std, isStoredTransposed: family == .gpt2)
    }
    guard hasBias else { return weights }
    return weights
      + zip(names, rows).map { name, rows in
        ParameterDeclaration(
          name: "\(name).bias", shape: [rows], initialization: .constant(0), shardAxis: axis == 0 ? 0 : nil,
          component: component)
      }
  }

  private func matrix(
    _ name: String, _ shape: [Int], _ component: ParameterDeclaration.Component, axis: Int?, _ std: Float,
    isStoredTransposed: Bool = false
  ) -> ParameterDeclaration {
    ParameterDeclaration(
      name: "\(name).weight", shape: shape, initialization: .normal(standardDeviation: std), shardAxis: axis,
      component: component, isStoredTransposed: isStoredTransposed)
  }

  private func norm(_ name: String?, _ width: Int) -> [ParameterDeclaration] {
    guard let name else { return [] }
    func vector(_ part: String, _ value: Float) -> ParameterDeclaration {
      ParameterDeclaration(
        name: "\(name).\(part)", shape: [width], initialization: .constant(value), shardAxis: nil, component: .norm)
    }
    switch norm {
    case .rms: return [vector("weight", 1)]
    case .rmsOnePlus: return [vector("weight", 0)]
    case .layer: return [vector("weight", 1), vector("bias", 0)]
    }
  }
}
