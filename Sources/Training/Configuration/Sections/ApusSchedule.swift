import Models

extension RunConfiguration {
  /// `apus.schedule`: what nanotron's learning-rate scheduler has no key for.
  ///
  /// - `warmup_fraction`, `decay_fraction`: parts of the run, in place of steps in the scheduler.
  /// - `style`: a schedule by name. `constant` after the warm-up; `multi-step`, constant stretches (DeepSeek LLM,
  ///   arXiv:2401.02954: 80, 10 and 10 % of the run at 1, √0.1 and 0.1 of the rate); `deepseek-v3` (arXiv:2412.19437),
  ///   constant, cosine to a tenth, constant, constant; `inverse-sqrt` from the end of the warm-up on.
  /// - `splits`, `factors`: other parts of the run and other multiples of the rate for `multi-step` and `deepseek-v3`.
  /// - `phases`: the stretches themselves, a list of `start`, `steps`, `style`, `from`, `to`.
  struct ApusSchedule {
    /// A schedule by name.
    enum Style: String, CaseIterable {
      case constant
      case multiStep = "multi-step"
      case deepSeekV3 = "deepseek-v3"
      case inverseSquareRoot = "inverse-sqrt"
    }

    var warmup: Double?
    var decay: Double?
    private let style: Style?
    private let splits: [Double]?
    private let factors: [Double]?
    private let phases: [SchedulePhase]
    private let section: ConfigurationSection

    init(_ apus: ConfigurationSection, notes: inout ReadingNotes) throws(ConfigurationError) {
      section = try notes.section(
        apus["schedule"], apus.childPath("schedule"),
        known: ["warmup_fraction", "decay_fraction", "style", "splits", "factors", "phases"])
      warmup = try section.number("warmup_fraction", where: { (0...1).contains($0) }, "from 0 to 1")
      decay = try section.number("decay_fraction", where: { (0...1).contains($0) }, "from 0 to 1")
      style = try section.choice("style", Style.self)
      splits = try section.numbers("splits", where: { $0 > 0 && $0 <= 1 }, "above 0 and at most 1")
      factors = try section.numbers("factors", where: { $0 >= 0 }, "0 or more")
      phases = try Self.phases(section, notes: &notes)
      if let warmup, let decay, warmup + decay > 1 {
        throw section.error("decay_fraction", "\(warmup) of warm-up and \(decay) of decay exceed the whole run")
      }
      for key in ["decay_fraction", "phases"] where style != nil && section[key] != nil {
        throw section.error(key, "style says what follows the warm-up; keep one of the two")
      }
      if !phases.isEmpty, decay != nil {
        throw section.error("decay_fraction", "phases say what follows the warm-up; keep one of the two")
      }
      for key in ["splits", "factors"] where section[key] != nil && ![.multiStep, .deepSeekV3].contains(style) {
        throw section.error(key, "only the styles multi-step and deepseek-v3 have parts")
      }
    }

    /// Whether it says what follows the warm-up.
    var hasPhases: Bool { style != nil || !phases.isEmpty }

    /// The phases of a run of so many updates.
    func phases(trainSteps: Int, warmupSteps: Int) throws(ConfigurationError) -> [SchedulePhase] {
      switch style {
      case nil: return phases
      case .constant: return [SchedulePhase(start: 0, steps: trainSteps, style: .constant, from: 1, to: 1)]
      case .inverseSquareRoot:
        return [SchedulePhase(start: warmupSteps, steps: trainSteps, style: .inverseSquareRoot, from: 1, to: 1)]
      case .multiStep:
        return try split(trainSteps, [0.8, 0.1, 0.1], [.constant], [1, 0.1.squareRoot(), 0.1])
      case .deepSeekV3:
        // 10, 4.3, 0.333 and 0.167 of 14.8 trillion tokens; 2.2e-4, 2.2e-5 and 7.3e-6.
        return try split(
          trainSteps, [10 / 14.8, 4.3 / 14.8, 0.333 / 14.8, 0.167 / 14.8], [.constant, .cosine, .constant, .constant],
          [1, 0.1, 0.1, 7.3e-6 / 2.2e-4])
      }
    }

    private func split(
      _ trainSteps: Int, _ standard: [Double], _ styles: [SchedulePhase.Style], _ standardFactors: [Double]
    ) throws(ConfigurationError) -> [SchedulePhase] {
      let parts = splits ?? standard
      let factors = factors ?? standardFactors
      guard parts.count == factors.count, style != .deepSeekV3 || parts.count == 4 else {
        throw section.error(
          "splits", "\(parts.count) parts and \(factors.count) factors do not go together"
            + (style == .deepSeekV3 ? "; deepseek-v3 has four of each" : ""))
      }
      let total = parts.reduce(0, +)
      guard abs(total - 1) < 1e-6 else {
        throw section.error("splits", "the parts add up to \(total); together they are the whole run, 1")
      }
      return SchedulePhase.phases(trainSteps: trainSteps, splits: parts, styles: styles, factors: factors)
    }

    private static func phases(
      _ section: ConfigurationSection, notes: inout ReadingNotes
    ) throws(ConfigurationError) -> [SchedulePhase] {
      guard let node = section["phases"] else { return [] }
      guard case .sequence(let items) = node.content else {
        throw section.error("phases", "\(node.shown) is not a list of phases; begin each with '- '")
      }
      var phases: [SchedulePhase] = []
      let range = 0...1_000_000_000_000
      for (index, item) in items.enumerated() {
        let entry = try notes.section(
          item, "\(section.childPath("phases")).\(index)", known: ["start", "steps", "style", "from", "to"])
        let before = phases.last
        let start = try entry.integer("start", in: range) ?? before.map { $0.start + $0.steps } ?? 0
        if let before, start <= before.start {
          throw entry.error("start", "\(start) is not after the phase before, which begins at \(before.start)")
        }
        let from = try entry.number("from", where: { $0 >= 0 }, "0 or more") ?? before?.to ?? 1
        phases.append(
          SchedulePhase(
            start: start, steps: try entry.integer("steps", in: range) ?? 0,
            style: try entry.choice("style", SchedulePhase.Style.self) ?? .constant, from: from,
            to: try entry.number("to", where: { $0 >= 0 }, "0 or more") ?? from))
      }
      return phases
    }
  }
}

extension LearningRateSchedule {
  /// `apus.schedule` as it stands in the resolved configuration; null where nanotron's keys say all.
  var apusYAML: YAMLValue {
    guard !phases.isEmpty else { return .null }
    return .mapping([
      "phases": .list(
        phases.map { phase in
          .mapping([
            "start": .int(phase.start), "steps": .int(phase.steps), "style": .string(phase.style.rawValue),
            "from": .double(phase.from), "to": .double(phase.to),
          ])
        })
    ])
  }
}

extension ConfigurationSection {
  /// A list of numbers.
  func numbers(
    _ key: String, where allowed: (Double) -> Bool, _ rule: String
  ) throws(ConfigurationError) -> [Double]? {
    guard let node = self[key] else { return nil }
    guard case .sequence(let items) = node.content, !items.isEmpty else {
      throw error(key, "\(node.shown) is not a list of numbers")
    }
    var values: [Double] = []
    for (index, item) in items.enumerated() {
      guard let value = item.number, value.isFinite, allowed(value) else {
        throw ConfigurationError(
          place: item.place, key: "\(childPath(key)).\(index)", reason: "\(item.shown) is not a number \(rule)")
      }
      values.append(value)
    }
    return values
  }
}
