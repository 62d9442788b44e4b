public import Formats

/// Accuracy on one set of held-out questions, of the model and of what it is compared with.
///
/// `results.json` is an object whose `results` lists them: `{"task", "questions", "scores": [{"name", "accuracy",
/// "low", "high"}]}`.
public struct HeldOutResult: Sendable, Equatable {
  /// One bar.
  public struct Score: Sendable, Equatable {
    /// Whose score: `model`, `most frequent answer`, `untrained`.
    public var name: String
    /// From 0 to 1.
    public var accuracy: Double
    /// Ends of the 95 % interval.
    public var low: Double?
    public var high: Double?

    /// Creates a score.
    public init(name: String, accuracy: Double, low: Double? = nil, high: Double? = nil) {
      self.name = name
      self.accuracy = accuracy
      self.low = low
      self.high = high
    }
  }

  public var task: String
  public var questions: Int
  public var scores: [Score]

  /// Creates a result.
  public init(task: String, questions: Int, scores: [Score]) {
    self.task = task
    self.questions = questions
    self.scores = scores
  }

  /// The text of `results.json`.
  public static func json(_ results: [HeldOutResult]) -> JSON {
    .object([
      "results": .array(
        results.map { result in
          .object([
            "task": .string(result.task), "questions": .integer(Int64(result.questions)),
            "scores": .array(
              result.scores.map { score in
                .object([
                  "name": .string(score.name), "accuracy": .figure(score.accuracy),
                  "low": score.low.map(JSON.figure) ?? .null, "high": score.high.map(JSON.figure) ?? .null,
                ])
              }),
          ])
        })
    ])
  }

  static func read(file: String) throws -> [HeldOutResult] {
    let json = try JSON.parse(contentsOfFile: file)
    return (json["results"]?.arrayValue ?? []).compactMap { entry in
      guard let task = entry["task"]?.stringValue else { return nil }
      let scores = (entry["scores"]?.arrayValue ?? []).compactMap { score -> Score? in
        guard let name = score["name"]?.stringValue, let accuracy = score["accuracy"]?.doubleValue else { return nil }
        return Score(
          name: name, accuracy: accuracy, low: score["low"]?.doubleValue, high: score["high"]?.doubleValue)
      }
      return HeldOutResult(task: task, questions: entry["questions"]?.intValue ?? 0, scores: scores)
    }
  }
}
