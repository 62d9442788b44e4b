import Formats
import Foundation

extension EvaluationRun {
  /// Whole documents, each by itself.
  ///
  /// A document's first token follows the token that begins a text, or else the one that ends it; each token is
  /// predicted once. What is longer than the context goes on after its last token, and the last piece is read with as much before
  /// it as fits (lm-evaluation-harness's rolling windows).
  func documents(_ prepared: PreparedTask, _ progress: (Int) throws -> Void) throws -> TaskResult {
    let model = model
    guard let first = model.tokenizer.beginningOfText ?? model.tokenizer.endOfText else {
      throw EvaluationError("The tokenizer", "has no token that begins or ends a text, for a document's first to follow")
    }
    let length = model.configuration.contextLength
    let groups = try mapQuestions(prepared.questions, prepared.task) { question in
      guard case .document(let text) = question.request else { return [] as [LikelihoodRequest] }
      return try Self.windows(model.tokenizer.encode(text), first: first, length: length)
    }
    let likelihoods = try self.likelihoods(groups, progress: progress)
    var nats: [Double] = []
    var bytes: [Double] = []
    var words: [Double] = []
    var details: [TaskResult.Detail] = []
    for (question, own) in zip(prepared.questions, likelihoods) {
      guard case .document(let text) = question.request else { continue }
      let sum = -own.reduce(0) { $0 + $1.logProbability }
      nats.append(sum)
      bytes.append(Double(text.utf8.count))
      words.append(Double(Self.wordCount(text)))
      details.append(
        TaskResult.Detail(
          doc: [
            "id": .string("\(question.index)"), "task_name": .string(prepared.task.name), "query": .string(text),
          ],
          response: [
            "nats": .number(sum), "tokens": .integer(Int64(own.reduce(0) { $0 + $1.tokenCount })),
          ],
          metrics: ["bits_per_byte": .number(sum / log(2) / max(1, Double(text.utf8.count)))]))
    }
    let byByte = Self.ratio(nats, bytes)
    let byWord = Self.ratio(nats, words)
    return TaskResult(
      task: prepared.task, split: prepared.split, questions: prepared.questions.count,
      metrics: [
        MetricValue(
          name: "bits_per_byte", value: byByte.value / log(2), standardError: byByte.error.map { $0 / log(2) },
          higherIsBetter: false),
        MetricValue(
          name: "byte_perplexity", value: exp(byByte.value),
          standardError: byByte.error.map { $0 * exp(byByte.value) }, higherIsBetter: false),
        MetricValue(
          name: "word_perplexity", value: exp(byWord.value),
          standardError: byWord.error.map { $0 * exp(byWord.value) }, higherIsBetter: false),
      ], details: details, truncated: 0, values: [])
  }

  /// The pieces of a document.
  static func windows(_ tokens: [UInt32], first: UInt32, length: Int) throws -> [LikelihoodRequest] {
    var windows: [LikelihoodRequest] = []
    var start = 0
    while start < tokens.count {
      let end = min(start + length, tokens.count)
      let context = start == 0 ? [first] : Array(tokens[max(0, end - length - 1)..<start])
      windows.append(
        try LikelihoodRequest(context: context, continuation: Array(tokens[start..<end]), contextLength: length))
      start = end
    }
    return windows
  }

  /// How many pieces Python's re.split(r"\s+", text) gives, the harness's count of words.
  static func wordCount(_ text: String) -> Int {
    var count = 1
    var isInSpace = false
    for scalar in text.unicodeScalars {
      let isSpace = PythonText.isSpace(scalar)
      if isSpace, !isInSpace { count += 1 }
      isInSpace = isSpace
    }
    return count
  }

  /// The ratio of two sums and its standard error by linearisation.
  static func ratio(_ above: [Double], _ below: [Double]) -> (value: Double, error: Double?) {
    let total = below.reduce(0, +)
    guard total > 0 else { return (0, nil) }
    let value = above.reduce(0, +) / total
    let count = Double(above.count)
    guard count >= 2 else { return (value, nil) }
    let squares = zip(above, below).reduce(0) { $0 + ($1.0 - value * $1.1) * ($1.0 - value * $1.1) }
    return (value, (squares * count / (count - 1)).squareRoot() / total)
  }
}
