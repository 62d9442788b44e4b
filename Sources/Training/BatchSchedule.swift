/// The global batch of every update: a warm-up in stretches, then the full size.
///
/// Which samples an update reads follows from its number alone, so a run continues anywhere without repeating or
/// skipping one.
public struct BatchSchedule: Sendable, Equatable {
  /// Updates of one size.
  public struct Stretch: Sendable, Equatable {
    public var steps: Int
    /// Windows of each of its updates.
    public var sequences: Int

    /// Creates a stretch.
    public init(steps: Int, sequences: Int) {
      self.steps = steps
      self.sequences = sequences
    }
  }

  /// In order, from the first update on; usually empty.
  public var warmup: [Stretch]
  /// Windows of every update after them.
  public var full: Int

  /// Creates a schedule.
  public init(warmup: [Stretch] = [], full: Int) {
    self.warmup = warmup
    self.full = full
  }

  /// Windows of update `step`, counted from 1.
  public func sequences(step: Int) -> Int {
    var first = 1
    for stretch in warmup {
      first += stretch.steps
      if step < first { return stretch.sequences }
    }
    return full
  }

  /// Windows of all updates before `step`, counted from 1.
  public func samples(before step: Int) -> Int {
    var left = max(0, step - 1)
    var samples = 0
    for stretch in warmup {
      let taken = min(left, stretch.steps)
      samples += taken * stretch.sequences
      left -= taken
    }
    return samples + left * full
  }
}

extension RunConfiguration {
  /// The global batch of every update.
  public var batchSchedule: BatchSchedule { BatchSchedule(warmup: apus.batchWarmup, full: globalBatchSize) }

  /// Updates and windows of each stage, for counting.
  var stageSizes: [(steps: Int, samples: Int, sequenceLength: Int)] {
    let schedule = batchSchedule
    let end = tokens.trainSteps + 1
    guard !dataStages.isEmpty else {
      return [(tokens.trainSteps, schedule.samples(before: end), tokens.sequenceLength)]
    }
    return dataStages.enumerated().map { index, stage in
      let next = index + 1 < dataStages.count ? min(dataStages[index + 1].startTrainingStep, end) : end
      let first = min(stage.startTrainingStep, next)
      return (next - first, schedule.samples(before: next) - schedule.samples(before: first), stage.sequenceLength)
    }
  }
}
