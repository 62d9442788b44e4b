public import Formats

/// Scorers by the names that task files and commands give them.
public enum ScorerCatalog {
  /// How a scorer is made from its options.
  public static let makers: [String: @Sendable (JSON) throws -> any AnswerScorer] = [
    "exact_match": { try ExactMatchScorer(options: $0) },
    "gsm8k": { try GSM8KScorer(options: $0) },
    "math": { try MathScorer(options: $0) },
    "prompt_suite": { try PromptSuiteScorer(options: $0) },
    "python": { try PythonScorer(options: $0) },
  ]

  /// Scorers with options, by the names of the benchmarks that use them as lm-evaluation-harness does.
  private static let benchmarks: [String: (scorer: String, options: JSON, reference: String?)] = [
    "gsm8k": ("gsm8k", .object([:]), "answer"),
    "hendrycks_math": ("math", ["style": "hendrycks"], "solution"),
    "humaneval": ("python", .object([:]), nil),
    "math": ("math", .object([:]), "solution"),
    "mbpp": ("python", ["style": "mbpp"], nil),
    "minerva_math": ("math", ["style": "minerva"], "solution"),
    "nq_open": (
      "exact_match",
      ["ignore_case": true, "ignore_punctuation": true, "ignore": [#"\b(?:The |the |An |A |The |a |an )"#]], "answer"
    ),
    "triviaqa": ("exact_match", ["ignore_case": true, "ignore_punctuation": true], "answer.aliases"),
  ]

  /// The benchmarks that `forBenchmark` knows.
  public static var benchmarkNames: [String] { benchmarks.keys.sorted() }

  /// The scorer of a benchmark and where its rows have the reference, keys joined by points.
  /// - Parameter options: replace the benchmark's own where they are given.
  /// - Throws: `ScorerError` for an unknown name, or what the scorer says about its options.
  public static func forBenchmark(
    _ name: String, options: JSON = .null
  ) throws -> (scorer: any AnswerScorer, reference: String?) {
    guard let benchmark = benchmarks[name], let make = makers[benchmark.scorer] else {
      throw ScorerError("\"\(name)\" is none of \(benchmarkNames.joined(separator: ", "))")
    }
    var merged = benchmark.options
    for (key, value) in options.objectValue ?? [:] { merged[key] = value }
    return (try make(merged), benchmark.reference)
  }
}
