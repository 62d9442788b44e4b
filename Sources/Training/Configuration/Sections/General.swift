extension RunConfiguration {
  /// The `general` section.
  public struct General: Sendable, Equatable {
    /// Groups runs in reports. Default `apus`.
    public var project: String
    /// The run's name. Default: the configuration file's name without its extension, so that starting the same file
    /// again continues the same run. nanotron's `%date` and `%jobid` are filled in by `RunConfiguration.runName`.
    public var run: String
    /// Seed of the initialisation and of everything random but the data order. Default 42.
    public var seed: Int

    init(_ node: ConfigurationNode?, defaultRun: String, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(
        node, "general", known: ["project", "run", "seed"],
        withoutEffect: [
          "step": "null", "consumed_train_samples": "null", "benchmark_csv_path": "null",
          "ignore_sanity_checks": "true",
        ])
      project = try section.string("project") ?? "apus"
      run = try section.string("run") ?? defaultRun
      seed = try section.integer("seed", in: 0...Int.max) ?? 42
      guard !run.isEmpty, run != ".", run != "..", !run.contains("/") else {
        throw section.error("run", "'\(run)' cannot name a folder; use a name without slashes")
      }
    }

    var yaml: YAMLValue {
      .mapping(["project": .string(project), "run": .string(run), "seed": .int(seed)])
    }
  }
}
