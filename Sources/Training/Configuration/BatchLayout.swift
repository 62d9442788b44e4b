extension RunConfiguration {
  /// How one process of `processes` works through a global batch.
  public struct BatchLayout: Sendable, Equatable {
    /// Sequences of a forward pass.
    public var microBatchSize: Int
    /// Micro-batches a process sums before each update.
    public var accumulation: Int
    /// Sequences of one update over all processes.
    public var globalBatchSize: Int
    /// One sentence when the machine is smaller than `parallelism` asks for.
    public var warning: String?
  }

  /// Sequences of one update: micro-batch × accumulation × `dp`.
  public var globalBatchSize: Int {
    tokens.microBatchSize * tokens.batchAccumulationPerReplica * parallelism.dataParallel
  }

  /// Tokens of the whole run, stages with another sequence length included.
  public var totalTokens: Int { stageSizes.reduce(0) { $0 + $1.samples * $1.sequenceLength } }

  /// Spreads the global batch over `processes` replicas; what `parallelism` asks for beyond them becomes accumulation.
  ///
  /// - Throws: `ConfigurationError` when the micro-batches of a global batch do not split evenly.
  public func batchLayout(processes: Int = 1) throws(ConfigurationError) -> BatchLayout {
    let microBatches = tokens.batchAccumulationPerReplica * parallelism.dataParallel
    guard processes > 0, microBatches % processes == 0 else {
      throw ConfigurationError(
        place: general.run, key: "tokens.batch_accumulation_per_replica",
        reason: "\(microBatches) micro-batches of a global batch do not split over \(processes) processes")
    }
    let accumulation = microBatches / processes
    var layout = BatchLayout(
      microBatchSize: tokens.microBatchSize, accumulation: accumulation, globalBatchSize: globalBatchSize)
    if parallelism.processCount > processes {
      let sizes = [
        ("dp", parallelism.dataParallel), ("pp", parallelism.pipelineParallel), ("tp", parallelism.tensorParallel),
        ("context_parallel_size", parallelism.contextParallel), ("expert_parallel_size", parallelism.expertParallel),
      ].filter { $0.1 > 1 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      layout.warning =
        "parallelism asks for \(parallelism.processCount) processes (\(sizes)) and this run has \(processes): each "
        + "update accumulates \(accumulation) micro-batches of \(tokens.microBatchSize), "
        + "so the global batch stays at \(globalBatchSize) sequences."
    }
    return layout
  }
}
