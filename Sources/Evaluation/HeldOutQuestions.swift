public import Corpora
import Formats
public import Inference
public import Reporting

/// Questions that a model answers by writing on after the prompt.
///
/// The completion is greedy and ends with its first line. It is right if that line, without white space and full stops
/// around it, is the answer or ends with it as a word of its own, so that reasons may come first.
public struct HeldOutQuestions: Sendable {
  /// What a model wrote to a question.
  public struct Answer: Sendable, Equatable {
    /// The question.
    public var question: TinyWorld.Question
    /// The first line of what the model wrote, without white space around it.
    public var completion: String
    /// Whether it is right.
    public var isRight: Bool
  }

  /// The questions.
  public let questions: [TinyWorld.Question]
  /// What to compare with in a category: one answer to all its questions.
  public var baselines: [TinyWorld.Category: MostFrequentAnswer]
  /// Tokens of a completion, at most; the tiny world's longest lines have fewer.
  public var maxTokens = 48

  /// Some questions and the baselines of their categories.
  public init(_ questions: [TinyWorld.Question], baselines: [TinyWorld.Category: MostFrequentAnswer] = [:]) {
    self.questions = questions
    self.baselines = baselines
  }

  /// The held-out questions of a world, at most `count` a category, with their baselines.
  public init(world: TinyWorld, count: Int) {
    self.init(
      TinyWorld.Category.allCases.flatMap { world.questions($0, count: count) },
      baselines: .init(
        uniqueKeysWithValues: TinyWorld.Category.allCases.map {
          ($0, MostFrequentAnswer(world: world, category: $0))
        }))
  }

  /// Reads files of questions and folders of them.
  /// - Parameters:
  ///   - examples: files of questions of the kind that training documents hold, whose most frequent answers are the
  ///     baselines; by default a file of the same name in the folder `examples` beside the questions' folder, if it is
  ///     there.
  ///   - limit: take only the first so many questions of a file.
  /// - Throws: a sentence naming the file, and the line, that is missing or damaged.
  public init(paths: [String], examples: [String]? = nil, limit: Int? = nil) throws {
    let files = try QuestionFile.files(paths)
    let beside = files.map { $0.parentPath.appendingPath("../examples/\($0.lastPathPart)") }.filter(Paths.exists)
    var answers: [TinyWorld.Category: [String]] = [:]
    for file in try examples.map(QuestionFile.files) ?? beside {
      for question in try QuestionFile.read(file) { answers[question.category, default: []].append(question.answer) }
    }
    let questions = try files.flatMap { try QuestionFile.read($0).prefix(limit ?? .max) }
    self.init(questions, baselines: answers.mapValues { MostFrequentAnswer(answers: $0) })
  }

  /// What a model answers, in the order of the questions.
  /// - Parameter progress: told how many are done.
  /// - Throws: `InferenceError` for a question longer than the model's context, and what `progress` throws.
  public func answers(
    by model: LanguageModel, progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> [Answer] {
    let completions = try TextGenerator(model).generateGreedy(
      prompts: questions.map(\.prompt), maxTokens: maxTokens, until: Self.holdsLine, progress: progress)
    return zip(questions, completions).map { question, completion in
      Answer(
        question: question, completion: Self.firstLine(completion.text),
        isRight: question.isAnswered(by: completion.text))
    }
  }

  /// Shares of right answers by category, each with its 95 % interval (Wilson): `model`, `most frequent answer` where
  /// there is a baseline, and `untrained` where there are its answers.
  public func results(_ model: [Answer], untrained: [Answer]? = nil) -> [HeldOutResult] {
    TinyWorld.Category.allCases.compactMap { category in
      let own = questions.filter { $0.category == category }
      guard !own.isEmpty else { return nil }
      var scores = [Self.score("model", Self.right(model, category))]
      if let baseline = baselines[category] {
        scores.append(Self.score("most frequent answer", baseline.accuracy(on: own)))
      }
      if let untrained { scores.append(Self.score("untrained", Self.right(untrained, category))) }
      return HeldOutResult(task: category.rawValue, questions: own.count, scores: scores)
    }
  }

  private static func right(_ answers: [Answer], _ category: TinyWorld.Category) -> BinomialInterval {
    let own = answers.filter { $0.question.category == category }
    return BinomialInterval(successes: own.count(where: \.isRight), trials: own.count)
  }

  private static func score(_ name: String, _ interval: BinomialInterval) -> HeldOutResult.Score {
    HeldOutResult.Score(name: name, accuracy: interval.share, low: interval.lower, high: interval.upper)
  }

  /// The line that is judged, by bytes as the judgement is.
  private static func firstLine(_ text: String) -> String {
    var line = text.utf8.drop { $0 == 0x20 || $0 == 0x0A }
    if let end = line.firstIndex(of: 0x0A) { line = line[..<end] }
    while let last = line.last, last == 0x20 || last == 0x0D { line = line.dropLast() }
    return String(decoding: line, as: UTF8.self)
  }

  /// Whether a completion has its first line: a newline after something else than white space.
  static func holdsLine(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.firstIndex(where: { $0 != 0x20 && $0 != 0x0A }) else { return false }
    return bytes[first...].contains(0x0A)
  }
}
