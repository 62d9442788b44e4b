extension RunConfiguration {
  /// One entry of `data_stages`: which data is read from which step on.
  public struct DataStage: Sendable, Equatable {
    /// Unique name. Default `stage 1`, `stage 2`, … by position.
    public var name: String
    /// First training step, counted from 1, that reads this stage. Default 1 for a first stage.
    public var startTrainingStep: Int
    /// Tokens a sample is trained on. Default `tokens.sequence_length`.
    public var sequenceLength: Int
    /// The token folders and their weights; `nil` where the file names none.
    public var dataset: TokenDataset?
    /// Seed of the data order. Default 42.
    public var seed: Int

    init(
      _ node: ConfigurationNode, index: Int, sequenceLength standardLength: Int, notes: inout ReadingNotes
    ) throws(ConfigurationError) {
      let section = try notes.section(
        node, "data_stages.\(index)", known: ["name", "start_training_step", "sequence_length", "data"])
      name = try section.string("name") ?? "stage \(index + 1)"
      if let start = try section.integer("start_training_step", in: 1...Int.max) {
        startTrainingStep = start
      } else if index == 0 {
        startTrainingStep = 1
      } else {
        throw section.error("start_training_step", "missing; give the first step, counted from 1, of this stage")
      }
      sequenceLength = try section.integer("sequence_length", in: 1...RunConfiguration.largestSize) ?? standardLength
      let data = try notes.section(
        section["data"], section.childPath("data"), known: ["dataset", "seed"],
        withoutEffect: ["num_loading_workers": "1"])
      seed = try data.integer("seed", in: 0...Int.max) ?? 42
      dataset = try data["dataset"].map { node throws(ConfigurationError) in
        try TokenDataset(node, path: data.childPath("dataset"), notes: &notes)
      }
    }

    var yaml: YAMLValue {
      .mapping([
        "name": .string(name),
        "start_training_step": .int(startTrainingStep),
        "sequence_length": .int(sequenceLength),
        "data": .mapping(["dataset": .optional(dataset, \.yaml), "seed": .int(seed)]),
      ])
    }
  }
}
