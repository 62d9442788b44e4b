/// How the parameters of one group differ in what the run's settings say.
public struct ParameterGroup: Sendable, Equatable {
  /// Multiplies the run's learning rate.
  public var learningRateFactor: Double
  /// Decoupled weight decay.
  public var weightDecay: Double

  /// A group; by default of the usual decay of language models.
  public init(weightDecay: Double = 0.1, learningRateFactor: Double = 1) {
    self.weightDecay = weightDecay
    self.learningRateFactor = learningRateFactor
  }
}
