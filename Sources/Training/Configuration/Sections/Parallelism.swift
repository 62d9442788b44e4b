extension RunConfiguration {
  /// The `parallelism` section: how many ways nanotron would split the run.
  ///
  /// Only `dataParallel` changes the batch. With fewer processes than it asks for, each takes more micro-batches, so
  /// that the global batch stays.
  public struct Parallelism: Sendable, Equatable {
    /// Replicas of the model (`dp`). Default 1.
    public var dataParallel: Int
    /// Pipeline stages (`pp`). Default 1.
    public var pipelineParallel: Int
    /// Shards of each matrix (`tp`). Default 1.
    public var tensorParallel: Int
    /// Shards of each sequence (`context_parallel_size`). Default 1.
    public var contextParallel: Int
    /// Shards of the experts (`expert_parallel_size`). Default 1.
    public var expertParallel: Int
    /// Whether to keep only each layer's input and compute the rest again in the backward pass. Default false.
    public var recomputeLayer: Bool

    /// Processes that the layout asks for.
    public var processCount: Int {
      dataParallel * pipelineParallel * tensorParallel * contextParallel * expertParallel
    }

    private enum Engine: String, CaseIterable { case afab, oneForwardOneBackward = "1f1b" }
    private enum Mode: String, CaseIterable { case allReduce = "ALL_REDUCE", reduceScatter = "REDUCE_SCATTER" }

    init(_ node: ConfigurationNode?, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(
        node, "parallelism",
        known: ["dp", "pp", "tp", "context_parallel_size", "expert_parallel_size", "recompute_layer"],
        withoutEffect: [
          "pp_engine": "afab", "tp_mode": "ALL_REDUCE", "tp_linear_async_communication": "false",
          "tp_recompute_allgather": "true", "moe_layer_recompute": "false",
        ])
      _ = try section.choice("pp_engine", Engine.self)
      _ = try section.choice("tp_mode", Mode.self)
      let ways = 1...65_536
      dataParallel = try section.integer("dp", in: ways) ?? 1
      pipelineParallel = try section.integer("pp", in: 1...1024) ?? 1
      tensorParallel = try section.integer("tp", in: 1...1024) ?? 1
      contextParallel = try section.integer("context_parallel_size", in: 1...1024) ?? 1
      expertParallel = try section.integer("expert_parallel_size", in: 1...1024) ?? 1
      recomputeLayer = try section.bool("recompute_layer") ?? false
    }

    var yaml: YAMLValue {
      .mapping([
        "dp": .int(dataParallel), "pp": .int(pipelineParallel), "tp": .int(tensorParallel),
        "context_parallel_size": .int(contextParallel), "expert_parallel_size": .int(expertParallel),
        "recompute_layer": .bool(recomputeLayer),
      ])
    }
  }
}
