import Formats

extension RunConfiguration {
  /// The configuration of a run that takes a checkpoint of the stable phase and brings its rate down: what the model
  /// would be if training ended there, while the stable run may go on (WSD, arXiv:2404.06395).
  ///
  /// It reads the samples that the stable run would have read next, and says all with nanotron's own keys, so its
  /// `config.yaml` continues it like any other run.
  /// - Parameters:
  ///   - checkpoint: one of the run that this configuration made, or of one with the same schedule.
  ///   - steps: updates of the decay, at least 1.
  ///   - minimum: the rate at its end.
  /// - Throws: a sentence that names the checkpoint when its step is not in the stable phase.
  public func decayBranch(
    from checkpoint: Checkpoint, steps: Int, style: LearningRateSchedule.DecayStyle, minimum: Double = 0
  ) throws -> RunConfiguration {
    try checkpoint.verify()
    let first = try checkpoint.state().step
    let schedule = optimizer.schedule
    let rate = schedule.learningRate(step: first)
    guard first > schedule.warmupSteps, schedule.learningRate(step: first - 1) == rate else {
      throw FileError(
        path: checkpoint.path,
        problem: "is of step \(first), where the learning rate \(first > schedule.warmupSteps ? "falls" : "still rises"); "
          + "a decay branches off while the rate is constant")
    }
    guard steps > 0, steps <= 1_000_000_000_000, minimum >= 0, minimum <= rate else {
      throw FileError(
        path: checkpoint.path, problem: "cannot branch into \(steps) steps from a rate of \(rate) to \(minimum)")
    }
    var branch = self
    branch.renameRun(suffix: "-decay-\(first)")
    branch.checkpoints.resumePath = checkpoint.path
    branch.checkpoints.loadOptimizer = true
    branch.checkpoints.loadLearningRateScheduler = true
    branch.tokens.trainSteps = first + steps
    branch.dataStages.removeAll { $0.startTrainingStep > branch.tokens.trainSteps }
    branch.optimizer.schedule = LearningRateSchedule(
      peak: rate, minimum: minimum, warmupSteps: schedule.warmupSteps, warmupStyle: schedule.warmupStyle,
      decayStyle: style, decayStartingStep: first, decaySteps: steps)
    return branch
  }
}
