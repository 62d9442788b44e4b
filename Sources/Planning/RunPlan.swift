public import Models

/// What a training run will need and do, computed before anything is allocated.
public struct RunPlan: Sendable, Equatable {
  /// A stretch of the run with one sequence length.
  public struct Stage: Sendable, Equatable {
    /// Updates of the stage.
    public var steps: Int
    /// Tokens a sample is trained on.
    public var sequenceLength: Int
    /// Sequences of all its updates; nil: each has the global batch.
    public var samples: Int?

    /// Creates a stage.
    public init(steps: Int, sequenceLength: Int, samples: Int? = nil) {
      self.steps = steps
      self.sequenceLength = sequenceLength
      self.samples = samples
    }
  }

  public var model: ModelConfiguration
  public var stages: [Stage]
  /// Sequences of a forward pass.
  public var microBatchSize: Int
  /// Sequences of an update.
  public var globalBatchSize: Int
  /// Whether layers are computed again in the backward pass.
  public var recompute: Bool
  /// 2 for bfloat16, 4 for float32.
  public var computeBytes: Int
  /// The machine's measured training rate in floating-point operations a second; `nil` where none is known.
  public var measuredRate: Double?
  /// What the optimizer keeps; `nil`: AdamW's two moments.
  public var optimizerStateBytes: Int?

  /// Creates a plan.
  public init(
    model: ModelConfiguration, stages: [Stage], microBatchSize: Int, globalBatchSize: Int, recompute: Bool = false,
    computeBytes: Int = 2, measuredRate: Double? = nil, optimizerStateBytes: Int? = nil
  ) {
    self.model = model
    self.stages = stages
    self.microBatchSize = microBatchSize
    self.globalBatchSize = globalBatchSize
    self.recompute = recompute
    self.computeBytes = computeBytes
    self.measuredRate = measuredRate
    self.optimizerStateBytes = optimizerStateBytes
  }

  /// Updates of the whole run.
  public var steps: Int { stages.reduce(0) { $0 + $1.steps } }

  private func samples(_ stage: Stage) -> Int { stage.samples ?? stage.steps * globalBatchSize }

  /// Tokens of the whole run.
  public var tokens: Int { stages.reduce(0) { $0 + samples($1) * $1.sequenceLength } }

  /// Floating-point operations of the whole run.
  public var operations: Double {
    stages.reduce(0) { sum, stage in
      sum + Double(samples(stage)) * Double(stage.sequenceLength)
        * model.trainingOperationsPerToken(sequenceLength: stage.sequenceLength)
    }
  }

  /// Expected seconds at the measured rate.
  public var expectedSeconds: Double? { measuredRate.flatMap { $0 > 0 ? operations / $0 : nil } }

  /// The memory of the longest stage.
  public var memory: MemoryForecast {
    MemoryForecast(
      model, microBatchSize: microBatchSize, sequenceLength: stages.map(\.sequenceLength).max() ?? 0,
      recompute: recompute, computeBytes: computeBytes, optimizerStateBytes: optimizerStateBytes)
  }
}
