extension RunConfiguration {
  /// The `tokens` section: sizes of the batch and length of the run.
  public struct Tokens: Sendable, Equatable {
    /// Tokens a sample is trained on. Required.
    public var sequenceLength: Int
    /// Updates of the whole run. Required.
    public var trainSteps: Int
    /// Sequences a forward pass takes at once. Default 1.
    public var microBatchSize: Int
    /// Micro-batches that each replica sums before an update. Default 1.
    public var batchAccumulationPerReplica: Int

    init(_ section: ConfigurationSection) throws(ConfigurationError) {
      guard let length = try section.integer("sequence_length", in: 1...RunConfiguration.largestSize) else {
        throw section.error("sequence_length", "missing; give the tokens of one training sample, such as 1024")
      }
      guard let steps = try section.integer("train_steps", in: 1...1_000_000_000_000) else {
        throw section.error("train_steps", "missing; give the number of updates of the run, such as 2000")
      }
      sequenceLength = length
      trainSteps = steps
      microBatchSize = try section.integer("micro_batch_size", in: 1...1_000_000) ?? 1
      batchAccumulationPerReplica = try section.integer("batch_accumulation_per_replica", in: 1...1_000_000) ?? 1
    }

    static func section(_ node: ConfigurationNode?, notes: inout ReadingNotes) throws(ConfigurationError)
      -> ConfigurationSection
    {
      try notes.section(
        node, "tokens",
        known: [
          "sequence_length", "train_steps", "micro_batch_size", "batch_accumulation_per_replica",
          "val_check_interval", "limit_val_batches",
        ],
        withoutEffect: ["limit_test_batches": "0"])
    }

    var yaml: YAMLValue {
      .mapping([
        "sequence_length": .int(sequenceLength), "train_steps": .int(trainSteps),
        "micro_batch_size": .int(microBatchSize),
        "batch_accumulation_per_replica": .int(batchAccumulationPerReplica),
      ])
    }
  }
}
