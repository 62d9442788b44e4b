extension BatchSchedule {
  /// Reads `apus.batch_warmup`: a list of `steps` and `sequences`, from the first update on; the batch that `tokens`
  /// says comes after them.
  static func warmup(
    _ apus: ConfigurationSection, notes: inout ReadingNotes
  ) throws(ConfigurationError) -> [Stretch] {
    let key = "batch_warmup"
    guard let node = apus[key] else { return [] }
    guard case .sequence(let items) = node.content else {
      throw apus.error(key, "\(node.shown) is not a list of stretches; begin each with '- '")
    }
    var stretches: [Stretch] = []
    for (index, item) in items.enumerated() {
      let section = try notes.section(item, "\(apus.childPath(key)).\(index)", known: ["steps", "sequences"])
      guard let steps = try section.integer("steps", in: 1...1_000_000_000_000) else {
        throw section.error("steps", "missing; give the number of updates of this size")
      }
      guard let sequences = try section.integer("sequences", in: 1...1_000_000) else {
        throw section.error("sequences", "missing; give the sequences of an update")
      }
      stretches.append(Stretch(steps: steps, sequences: sequences))
    }
    return stretches
  }

  /// `apus.batch_warmup` as the resolved configuration gives it.
  static func yaml(_ warmup: [Stretch]) -> YAMLValue {
    .list(warmup.map { .mapping(["steps": .int($0.steps), "sequences": .int($0.sequences)]) })
  }
}
