public import Formats

/// A text that the model wrote at some step: a line of `samples.jsonl`.
public struct TextSample: Sendable, Equatable {
  /// The update after which it was written.
  public var step: Int
  public var prompt: String
  public var completion: String

  /// Creates a sample.
  public init(step: Int, prompt: String, completion: String) {
    self.step = step
    self.prompt = prompt
    self.completion = completion
  }

  /// The sample as an object: `step`, `prompt`, `completion`.
  public var json: JSON {
    .object(["step": .integer(Int64(step)), "prompt": .string(prompt), "completion": .string(completion)])
  }

  static func read(file: String) throws -> [TextSample] {
    var samples: [TextSample] = []
    try MetricsLines.forEach(inFile: file) { _, row in
      if let row, let completion = row["completion"]?.stringValue {
        let step = row["step"]?.intValue ?? 0
        samples.append(TextSample(step: step, prompt: row["prompt"]?.stringValue ?? "", completion: completion))
      }
      return true
    }
    return samples
  }
}
