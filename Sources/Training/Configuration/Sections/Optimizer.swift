extension RunConfiguration {
  /// The `optimizer` section: AdamW, its schedule and clipping.
  public struct Optimizer: Sendable, Equatable {
    /// The learning rate of every step.
    public var schedule: LearningRateSchedule
    /// AdamW's decoupled weight decay. Default 0.1.
    public var weightDecay: Double
    /// Which parameters are spared from weight decay (`weight_decay_exclude_named_params`). Default none.
    public var weightDecayExclusion: WeightDecayExclusion
    /// Largest L2 norm of all gradients together; `nil` when written as null: no clipping. Default 1.
    public var gradientClipNorm: Double?
    /// Decay of the first moment. Default 0.9.
    public var beta1: Double
    /// Decay of the second moment. Default 0.95.
    public var beta2: Double
    /// Added to the root of the second moment. Default 1e-8.
    public var epsilon: Double

    private enum Kind: String, CaseIterable { case adamW, sgd }

    init(
      _ node: ConfigurationNode?, trainSteps: Int, sugar: ScheduleFractions, notes: inout ReadingNotes
    ) throws(ConfigurationError) {
      let section = try notes.section(
        node, "optimizer",
        known: [
          "weight_decay", "clip_grad", "weight_decay_exclude_named_params", "optimizer_factory",
          "learning_rate_scheduler",
        ],
        withoutEffect: ["zero_stage": "0", "accumulate_grad_in_fp32": "true"])
      weightDecay = try section.number("weight_decay", where: { $0 >= 0 }, "0 or more") ?? 0.1
      gradientClipNorm =
        section.has("clip_grad") ? try section.number("clip_grad", where: { $0 > 0 }, "above 0, or null for none") : 1
      weightDecayExclusion = try WeightDecayExclusion(section)
      let factory = try notes.section(
        section["optimizer_factory"], section.childPath("optimizer_factory"),
        known: ["name", "adam_eps", "adam_beta1", "adam_beta2"], withoutEffect: ["torch_adam_is_fused": "true"])
      if try factory.choice("name", Kind.self) == .sgd {
        throw factory.error("name", "'sgd' is not yet supported; use adamW")
      }
      beta1 = try factory.number("adam_beta1", where: { $0 >= 0 && $0 < 1 }, "at least 0 and below 1") ?? 0.9
      beta2 = try factory.number("adam_beta2", where: { $0 >= 0 && $0 < 1 }, "at least 0 and below 1") ?? 0.95
      epsilon = try factory.number("adam_eps", where: { $0 > 0 }, "above 0") ?? 1e-8
      schedule = try LearningRateSchedule(
        section["learning_rate_scheduler"], path: section.childPath("learning_rate_scheduler"),
        trainSteps: trainSteps, sugar: sugar, notes: &notes)
    }

    var yaml: YAMLValue {
      .mapping([
        "weight_decay": .double(weightDecay),
        "weight_decay_exclude_named_params": .list(weightDecayExclusion.patterns.map(YAMLValue.string)),
        "clip_grad": .optional(gradientClipNorm, YAMLValue.double),
        "optimizer_factory": .mapping([
          "name": .string("adamW"), "adam_eps": .double(epsilon), "adam_beta1": .double(beta1),
          "adam_beta2": .double(beta2),
        ]),
        "learning_rate_scheduler": schedule.yaml,
      ])
    }
  }
}
