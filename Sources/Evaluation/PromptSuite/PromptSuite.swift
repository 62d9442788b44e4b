public import Formats

/// Fifty requests in eight categories whose answers a program can judge: the form and the matter of instruction
/// following in the small, as a base model and its fine-tuned checkpoints are compared.
public enum PromptSuite {
  /// The categories, in the order of reports.
  public static let categories = [
    "format_following", "structured_output", "code_generation", "instruction_priority", "instruction_following",
    "reasoning_short", "safety_behavior", "chat_cleanliness",
  ]

  /// A request a row: `id`, `category`, `prompt`, and the checks under `format` and `content`.
  /// - Throws: `EvaluationError` when the embedded file is damaged.
  public static func rows() throws -> [JSON] {
    let text = String(decoding: PackageResources.prompt_suite_yaml, as: UTF8.self)
    let suite = try TaskNode.parse(text, name: "prompt_suite.yaml")
    guard let rows = suite.members["prompts"]?.arrayValue else {
      throw EvaluationError("prompt_suite.yaml", "has no list under \"prompts\"")
    }
    return rows
  }

  /// The request as a base model is asked, who has no template of turns.
  public static func plainPrompt(_ row: JSON) -> String {
    "Instruction: \(row["prompt"]?.stringValue ?? "")\nResponse:"
  }
}
