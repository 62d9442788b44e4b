extension ModelConfiguration {
  /// Every parameter of the model in the order of its memory: fused projections are neighbours.
  ///
  /// Counting, forecasting, initialising, checkpointing and sharding all read this one list.
  public func declarations(_ scheme: InitializationScheme = .init()) -> [ParameterDeclaration] {
    let names = family.kind.names
    func table(
      _ name: String, rows: Int, _ component: ParameterDeclaration.Component, axis: Int?
    ) -> ParameterDeclaration {
      ParameterDeclaration(
        name: "\(name).weight", shape: [rows, hiddenSize],
        initialization: scheme.normal(standardDeviation: Float(initializerRange)), shardAxis: axis, component: component)
    }
    var list = [table(names.embedding, rows: vocabularySize, .embedding, axis: 0)]
    if positions == .learned { list.append(table(names.positions, rows: contextLength, .embedding, axis: nil)) }
    for layer in 0..<layerCount { list += block(LayerSite(self, layer: layer, scheme: scheme)) }
    list += norm(names.finalNorm, hiddenSize)
    if !tiedEmbeddings { list.append(table(names.head, rows: vocabularySize, .outputHead, axis: 0)) }
    for i in list.indices { list[i].stored = family.kind.place(of: list[i], in: self) }
    return list
  }

  private func block(_ site: LayerSite) -> [ParameterDeclaration] {
    let (names, mixer, feedForward) = (site.names, mixer(layer: site.layer), feedForward(layer: site.layer))
    let ofMixer =
      norm(mixer.readsStream ? nil : names.normBeforeAttention, hiddenSize) + mixer.declarations(site)
      + norm(names.normAfterAttention, hiddenSize)
    if feedForward.isNone { return ofMixer }
    return ofMixer + norm(names.normBeforeFeedForward, hiddenSize) + feedForward.declarations(site)
      + norm(names.normAfterFeedForward, hiddenSize)
  }

  /// The parameters of a norm of the model's kind; none where it has no name.
  func norm(_ name: String?, _ width: Int) -> [ParameterDeclaration] {
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
