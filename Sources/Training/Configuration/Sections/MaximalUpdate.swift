public import Models

extension RunConfiguration {
  /// `apus.mup`: the maximal update parametrization (µP; Yang, Hu and others, "Tensor Programs V", arXiv:2203.03466,
  /// table 8), in which the best learning rate is the same at every width.
  ///
  /// With `m` the model's width as a multiple of `base_width`, a model from scratch has logits divided by `m` and, with
  /// `base_head_dim`, attention scores that shrink as 1 over the width of a head. The matrices of blocks are drawn
  /// narrower by the root of `m`, and AdamW's rate of them is the run's divided by `m`, their decay as much stronger, so
  /// that they decay as before. At `m` 1 nothing is changed.
  public struct MaximalUpdate: Sendable, Equatable {
    /// `base_width`: `hidden_size` of the model that the rates were found with. Required.
    public var baseWidth: Int
    /// `base_head_dim`: the width of a head there. Default: as here; wider models then have more heads, not wider ones.
    public var baseHeadDimension: Int?

    init?(_ apus: ConfigurationSection, notes: inout ReadingNotes) throws(ConfigurationError) {
      guard let node = apus["mup"] else { return nil }
      let section = try notes.section(node, apus.childPath("mup"), known: ["base_width", "base_head_dim"])
      guard let width = try section.integer("base_width", in: 1...RunConfiguration.largestSize) else {
        throw section.error("base_width", "missing; give the hidden_size of the model that rates were found with")
      }
      baseWidth = width
      baseHeadDimension = try section.integer("base_head_dim", in: 1...65_536)
    }

    var yaml: YAMLValue {
      .mapping(["base_width": .int(baseWidth), "base_head_dim": .optional(baseHeadDimension, YAMLValue.int)])
    }

    /// The model's width as a multiple of the base's.
    func multiplier(_ model: ModelConfiguration) -> Double { Double(model.hiddenSize) / Double(baseWidth) }

    /// Gives a model from scratch the scales of its width.
    func apply(to model: inout ModelConfiguration, file: String) throws(ConfigurationError) {
      let scale = 1 / multiplier(model)
      if let base = baseHeadDimension, base != model.headDimension {
        let square = model.headDimension * model.headDimension
        guard square % base == 0 else {
          throw ConfigurationError(
            place: file, key: "apus.mup.base_head_dim",
            reason: "\(base) does not divide \(square), the square of this model's head width; give one that does")
        }
        // 1 over the root of it is √base / width.
        model.attentionScalar = square / base
        model.family = .apus
      }
      guard scale != 1 else { return }
      model.logitFactor *= scale
      // No published family has the scale of logits.
      model.family = .apus
    }
  }

  /// How the first values of `model` are drawn, and what its width makes of the rates.
  public func initializationScheme(_ model: ModelConfiguration) -> InitializationScheme {
    var scheme = InitializationScheme(
      cutoff: apus.initializationCutoff, widthMultiplier: apus.maximalUpdate?.multiplier(model) ?? 1)
    if case .random(_, let scaling) = self.model.initialization { scheme.scaling = scaling }
    return scheme
  }
}
