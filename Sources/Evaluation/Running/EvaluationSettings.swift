/// How tasks are asked.
public struct EvaluationSettings: Sendable {
  /// At most so many questions of a task, its first unless `shuffle`; nil: all.
  public var limit: Int?
  /// Draws examples, shuffles questions and samples texts.
  public var seed: UInt64
  /// Whether a limit takes questions from all over the split.
  public var shuffle: Bool
  /// Examples before a question instead of the task's own number.
  public var fewShot: Int?
  /// A split instead of the task's own.
  public var split: String?
  /// Texts a question instead of the task's own number.
  public var samples: Int?
  /// Sampling temperature instead of the task's own.
  public var temperature: Double?
  /// Most tokens of an answer instead of the task's own.
  public var maxTokens: Int?
  /// How questions become texts.
  public var style: PromptStyle

  /// Settings; by default all questions as the tasks have them.
  public init(
    limit: Int? = nil, seed: UInt64 = 0, shuffle: Bool = false, fewShot: Int? = nil, split: String? = nil,
    samples: Int? = nil, temperature: Double? = nil, maxTokens: Int? = nil, style: PromptStyle = PromptStyle()
  ) {
    self.limit = limit
    self.seed = seed
    self.shuffle = shuffle
    self.fewShot = fewShot
    self.split = split
    self.samples = samples
    self.temperature = temperature
    self.maxTokens = maxTokens
    self.style = style
  }
}
