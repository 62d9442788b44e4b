import Formats
import Inference

extension EvaluationRun {
  /// Questions that the model answers in its own words.
  func generations(
    _ prepared: PreparedTask, _ prompt: GenerationPrompt, _ progress: (Int) throws -> Void
  ) throws -> TaskResult {
    throw EvaluationError(prepared.task.name, "generates")
  }
}
