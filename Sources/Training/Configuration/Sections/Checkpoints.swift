extension RunConfiguration {
  /// The `checkpoints` section.
  public struct Checkpoints: Sendable, Equatable {
    /// Folder of the checkpoints. Default: `checkpoints` in the run folder.
    public var path: String?
    /// Steps between two checkpoints. Default 1000.
    public var interval: Int
    /// Whether to save before the first step. Default false.
    public var saveInitialState: Bool
    /// Whether to save after the last step even off the interval. Default true.
    public var saveFinalState: Bool
    /// A checkpoint, or a folder of checkpoints, to start from instead of this run's own newest one.
    public var resumePath: String?
    /// Whether a start from `resumePath` continues its step count and schedule. Default true.
    public var loadLearningRateScheduler: Bool
    /// Whether a start from `resumePath` takes over moments and master weights. Default true.
    public var loadOptimizer: Bool

    init(_ node: ConfigurationNode?, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(
        node, "checkpoints",
        known: [
          "checkpoints_path", "checkpoint_interval", "save_initial_state", "save_final_state",
          "resume_checkpoint_path", "load_lr_scheduler", "load_optimizer",
        ],
        withoutEffect: ["checkpoints_path_is_shared_file_system": "false"])
      path = try section.string("checkpoints_path")
      interval = try section.integer("checkpoint_interval", in: 1...Int.max) ?? 1000
      saveInitialState = try section.bool("save_initial_state") ?? false
      saveFinalState = try section.bool("save_final_state") ?? true
      resumePath = try section.string("resume_checkpoint_path")
      loadLearningRateScheduler = try section.bool("load_lr_scheduler") ?? true
      loadOptimizer = try section.bool("load_optimizer") ?? true
      for (key, value) in [("checkpoints_path", path), ("resume_checkpoint_path", resumePath)] {
        guard let value else { continue }
        if value.isEmpty { throw section.error(key, "the path is empty; leave the key out or name a folder") }
        if value.hasPrefix("s3://") { throw section.error(key, "'\(value)' is in an object store; only local folders work") }
      }
    }

    var yaml: YAMLValue {
      .mapping([
        "checkpoints_path": .optional(path, YAMLValue.string),
        "checkpoint_interval": .int(interval),
        "save_initial_state": .bool(saveInitialState),
        "save_final_state": .bool(saveFinalState),
        "resume_checkpoint_path": .optional(resumePath, YAMLValue.string),
        "load_lr_scheduler": .bool(loadLearningRateScheduler),
        "load_optimizer": .bool(loadOptimizer),
      ])
    }
  }
}
