public import Optimization

extension RunConfiguration {
  /// The `optimizer` section: the rule, its schedule and clipping.
  public struct Optimizer: Sendable, Equatable {
    /// The learning rate of every step.
    public var schedule: LearningRateSchedule
    /// Decoupled weight decay. Default 0.1.
    public var weightDecay: Double
    /// Which parameters are spared from weight decay (`weight_decay_exclude_named_params`). Default none.
    public var weightDecayExclusion: NamePatterns
    /// Largest L2 norm of all gradients together; `nil` when written as null: no clipping. Default 1.
    public var gradientClipNorm: Double?
    /// The rule with its settings (`optimizer_factory`). Default AdamW.
    public var rule: any UpdateRule

    init(
      _ node: ConfigurationNode?, trainSteps: Int, sugar: ApusSchedule, notes: inout ReadingNotes
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
      weightDecayExclusion = try section.patterns("weight_decay_exclude_named_params") ?? .none
      rule = try readUpdateRule(
        section["optimizer_factory"], path: section.childPath("optimizer_factory"), notes: &notes)
      schedule = try LearningRateSchedule(
        section["learning_rate_scheduler"], path: section.childPath("learning_rate_scheduler"),
        trainSteps: trainSteps, sugar: sugar, notes: &notes)
    }

    public static func == (a: Self, b: Self) -> Bool {
      a.schedule == b.schedule && a.weightDecay == b.weightDecay && a.weightDecayExclusion == b.weightDecayExclusion
        && a.gradientClipNorm == b.gradientClipNorm && a.rule.isEqual(to: b.rule)
    }

    var yaml: YAMLValue {
      .mapping([
        "weight_decay": .double(weightDecay),
        "weight_decay_exclude_named_params": .list(weightDecayExclusion.patterns.map(YAMLValue.string)),
        "clip_grad": .optional(gradientClipNorm, YAMLValue.double),
        "optimizer_factory": rule.yaml,
        "learning_rate_scheduler": schedule.yaml,
      ])
    }
  }
}
