public import Formats

/// What came of a task.
public struct TaskResult: Sendable {
  /// A question with everything that was asked, answered and counted.
  public struct Detail: Sendable {
    /// The question: `query`, `choices`, `gold_index`, `id`, `task_name`.
    public var doc: JSON
    /// What the model said.
    public var response: JSON
    /// The question's own figures.
    public var metrics: JSON
  }

  public var task: EvaluationTask
  /// The split that was asked.
  public var split: String
  public var questions: Int
  /// Figures in the order of the task.
  public var metrics: [MetricValue]
  public var details: [Detail]
  /// Questions whose beginning was cut because the model's context is too short.
  public var truncated: Int
  /// Values of each figure, a question each, in the order of `metrics`, for averages over tasks.
  public var values: [[Double]]
}
