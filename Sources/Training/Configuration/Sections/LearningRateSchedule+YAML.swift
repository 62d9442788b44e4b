extension LearningRateSchedule {
  /// Reads `optimizer.learning_rate_scheduler`. Missing keys: rate 3e-4, no warm-up, linear styles, decay from the end
  /// of the warm-up over `trainSteps − warm-up` steps, minimum equal to the rate (so no decay shows), as nanotron does.
  init(
    _ node: ConfigurationNode?, path: String, trainSteps: Int, sugar: RunConfiguration.ApusSchedule,
    notes: inout ReadingNotes
  ) throws(ConfigurationError) {
    let section = try notes.section(
      node, path,
      known: [
        "learning_rate", "lr_warmup_steps", "lr_warmup_style", "lr_decay_style", "lr_decay_steps",
        "lr_decay_starting_step", "min_decay_lr",
      ])
    let rate = try section.number("learning_rate", where: { $0 >= 0 }, "0 or more") ?? 3e-4
    let steps = 0...1_000_000_000_000
    if sugar.warmup != nil, section["lr_warmup_steps"] != nil {
      throw section.error("lr_warmup_steps", "apus.schedule.warmup_fraction says the same; keep one of the two")
    }
    for key in ["lr_decay_steps", "lr_decay_starting_step"] where sugar.decay != nil && section[key] != nil {
      throw section.error(key, "apus.schedule.decay_fraction says the same; keep one of the two")
    }
    let shapeKeys = ["lr_decay_style", "lr_decay_steps", "lr_decay_starting_step", "min_decay_lr"]
    for key in shapeKeys where sugar.hasPhases && section[key] != nil {
      throw section.error(key, "apus.schedule says what follows the warm-up; keep one of the two")
    }
    let warmup =
      try section.integer("lr_warmup_steps", in: steps)
      ?? sugar.warmup.map { Int(($0 * Double(trainSteps)).rounded()) } ?? 0
    let sugarDecay = sugar.decay.map { min(trainSteps - warmup, Int(($0 * Double(trainSteps)).rounded())) }
    let start =
      try section.integer("lr_decay_starting_step", in: steps) ?? sugarDecay.map { trainSteps - $0 } ?? warmup
    guard warmup <= trainSteps else {
      throw section.error(
        "lr_warmup_steps", "\(warmup) steps of warm-up do not fit into tokens.train_steps \(trainSteps)")
    }
    guard start >= warmup else {
      throw section.error(
        "lr_decay_starting_step", "\(start) lies inside the warm-up; it must be at least lr_warmup_steps \(warmup)")
    }
    let minimum = try section.number("min_decay_lr", where: { $0 >= 0 }, "0 or more") ?? rate
    guard minimum <= rate else {
      throw section.error("min_decay_lr", "\(minimum) is above learning_rate \(rate); it must not be")
    }
    self.init(
      peak: rate, minimum: minimum, warmupSteps: warmup,
      warmupStyle: try section.choice("lr_warmup_style", WarmupStyle.self) ?? .linear,
      decayStyle: try section.choice("lr_decay_style", DecayStyle.self) ?? .linear,
      decayStartingStep: start,
      decaySteps: try section.integer("lr_decay_steps", in: steps) ?? sugarDecay ?? trainSteps - warmup,
      phases: try sugar.phases(trainSteps: trainSteps, warmupSteps: warmup))
  }

  var yaml: YAMLValue {
    let warmup: [(String, YAMLValue)] = [
      ("learning_rate", .double(peak)), ("lr_warmup_steps", .int(warmupSteps)),
      ("lr_warmup_style", .string(warmupStyle.rawValue)),
    ]
    let decay: [(String, YAMLValue)] = [
      ("lr_decay_style", .string(decayStyle.rawValue)), ("lr_decay_starting_step", .int(decayStartingStep)),
      ("lr_decay_steps", .int(decaySteps)), ("min_decay_lr", .double(minimum)),
    ]
    return .mapping(.init(phases.isEmpty ? warmup + decay : warmup))
  }
}
