public import Formats

/// A benchmark in one formulation: which rows are asked, how, and what counts as right. A value read from a task file.
public struct EvaluationTask: Sendable {
  /// How a question is put.
  public enum Formulation: String, Sendable, CaseIterable {
    /// The text of each choice is scored as the continuation of the question.
    case cloze
    /// The choices stand in the question and their letters are scored.
    case letters
    /// The choices stand in the question and their texts are scored.
    case hybrid
    /// The model writes and the text is judged.
    case generation
    /// Whole documents are scored.
    case perplexity
  }

  /// How the figures of a family of tasks become one.
  public enum Average: String, Sendable, CaseIterable {
    /// Every task counts the same.
    case tasks
    /// Every question counts the same.
    case questions
  }

  /// What is asked.
  public enum Kind: Sendable {
    case choices(ChoicePrompt)
    case generation(GenerationPrompt)
    case perplexity(TextRule)
  }

  /// The task's name, with its subset's where the file has subsets.
  public let name: String
  /// The name of the file's task, under which its subsets are averaged; nil for a task without subsets.
  public let family: String?
  /// Whose prompts these are.
  public let variant: String
  /// One line about it.
  public let summary: String
  /// Rises when the task's figures are no longer comparable with earlier ones.
  public let version: Int
  public let formulation: Formulation
  public internal(set) var kind: Kind
  public let dataset: DatasetReference
  /// Splits to ask, of which the first that is there is taken.
  public let splits: [String]
  public internal(set) var fewShot: FewShot
  /// What stands before everything.
  public let instruction: String
  /// What stands between a question and its answer.
  public let delimiter: String
  /// Values computed from a row, which the templates may use by name.
  public let fields: [(name: String, rule: TextRule)]
  public let average: Average
  /// What the file says of this task, keys and values, for the results.
  public let configuration: JSON
  /// Digest of what the file says of this task.
  public let hash: String
}

/// A question with given answers.
public struct ChoicePrompt: Sendable {
  /// The question; with `contexts` unused.
  public let prompt: TextRule?
  /// Several contexts, one a choice, where the blank is in the middle; then `continuation` is what is scored.
  public let contexts: ListRule?
  /// What follows each of `contexts`.
  public let continuation: TextRule?
  /// The choices' texts; letters where those are scored.
  public let choices: ListRule
  /// The number of the right choice, from 0.
  public let answer: PromptTemplate
  /// Figures, the most important first.
  public let metrics: [ChoiceMetric]
  /// Whether the delimiter counts as part of a choice where log-probabilities are divided by lengths.
  public let lengthCountsDelimiter: Bool
  /// The context whose log-probability `acc_pmi` subtracts.
  public let pmiContext: String
}

/// Which choice a model is said to take.
public enum ChoiceMetric: String, Sendable, CaseIterable {
  /// The choice of the largest log-probability.
  case accuracy = "acc"
  /// Per character, counted as Unicode scalars.
  case byCharacters = "acc_norm"
  /// Per UTF-8 byte.
  case byBytes = "acc_bytes"
  /// Per token.
  case byTokens = "acc_norm_token"
  /// Less the log-probability of the choice after a context that says nothing (pointwise mutual information).
  case byMutualInformation = "acc_pmi"
}

/// A question that the model answers in its own words.
public struct GenerationPrompt: Sendable {
  public let prompt: TextRule
  /// The answer as it stands in few-shot examples.
  public let target: TextRule
  /// What the scorer compares with.
  public let reference: PromptTemplate
  public internal(set) var maxTokens: Int
  public let stop: [String]
  /// 0 takes the likeliest token.
  public internal(set) var temperature: Double
  public let topP: Double?
  /// How often each question is asked.
  public internal(set) var samples: Int
  /// For which k pass@k is told.
  public internal(set) var passAt: [Int]
  /// Whether the answers of the samples are put to the vote.
  public let majority: Bool
  /// Whether what stands between <think> and </think> is left out before the answer is judged.
  public let stripReasoning: Bool
  /// The scorer's name and options.
  let scorer: TaskNode

  /// The scorer, made only when answers are judged: it may need things that a machine does not have.
  /// - Throws: a sentence naming the option or what the machine lacks.
  public func makeScorer() throws -> any AnswerScorer { try AnswerScorers.make(scorer) }
}

/// Answered questions before the one that is asked.
public struct FewShot: Sendable {
  public enum Selection: String, Sendable, CaseIterable {
    /// The first rows.
    case first
    /// Some rows, the same before every question, drawn by the seed.
    case random
    /// Some rows drawn anew for each question.
    case randomEach = "random_each"
    /// Drawn anew for each question as lm-evaluation-harness does, whose seed is 1234: ours is added.
    case harness = "lm_eval"
    /// Drawn anew for each question as lighteval's `random_sampling_from_train` does; our seed is added to its 42.
    case lighteval
    /// Rows of each right answer in turn, the same before every question: lighteval's rule where a task names none.
    case lightevalBalanced = "lighteval_balanced"
  }

  public var count: Int
  /// Splits to take them from, of which the first that is there is used.
  public let splits: [String]
  public let selection: Selection
  /// Which rows, by number, instead of a selection.
  public let rows: [Int]?
  /// What stands between two examples.
  public let separator: String
}
