/// A corpus of any size about an invented place, on which a small language model learns within minutes to
/// answer questions that it was never shown.
///
/// Document `n` is a pure function of the seed and `n`. What the held-out questions ask is taught by other
/// sentences and other phrasings; the strings of a question followed by its answer occur in no document.
public struct TinyWorld: Sendable {
  /// What a document is.
  public enum Kind: String, Sendable, CaseIterable {
    case story, facts, arithmetic, program, dialogue
  }

  /// A document of the corpus.
  public struct Document: Sendable, Equatable {
    /// What it is.
    public let kind: Kind
    /// Lines of ASCII, each ended.
    public let text: String
  }

  /// What held-out questions are about.
  public enum Category: String, Sendable, CaseIterable {
    case facts, arithmetic, programs, stories
  }

  /// How many documents of each kind there are, as weights. Only the ratios matter.
  public struct Mixture: Sendable, Equatable {
    public var story, facts, arithmetic, program, dialogue: Int

    /// The standard weights, or others.
    public init(story: Int = 28, facts: Int = 22, arithmetic: Int = 14, program: Int = 10, dialogue: Int = 26) {
      (self.story, self.facts, self.arithmetic) = (story, facts, arithmetic)
      (self.program, self.dialogue) = (program, dialogue)
    }

    var weights: [(Kind, Int)] {
      [
        (.story, max(0, story)), (.facts, max(0, facts)), (.arithmetic, max(0, arithmetic)),
        (.program, max(0, program)), (.dialogue, max(0, dialogue)),
      ]
    }
  }

  /// Decides people, places, facts, documents and questions.
  public let seed: UInt64
  /// Weights of the kinds of documents.
  public let mixture: Mixture
  let facts: WorldFacts
  private let weights: [(Kind, Int)]
  private let total: Int

  /// The world that belongs to `seed`. A mixture whose weights are all zero is taken as the standard one.
  public init(seed: UInt64, mixture: Mixture = Mixture()) {
    self.seed = seed
    let sum = mixture.weights.reduce(0) { $0 + $1.1 }
    self.mixture = sum > 0 ? mixture : Mixture()
    weights = self.mixture.weights
    total = weights.reduce(0) { $0 + $1.1 }
    facts = WorldFacts(seed: seed)
  }

  /// Name of the invented land.
  public var land: String { facts.land }
  /// Names of the people who live there.
  public var people: [String] { facts.people }
  /// Names of its towns.
  public var places: [String] { facts.places }

  /// Document number `n`.
  public func document(_ n: UInt64) -> Document {
    let (kind, text) = write(n)
    return Document(kind: kind, text: text.string)
  }

  /// Kind and bytes of document number `n`.
  func write(_ n: UInt64) -> (Kind, TextBuffer) {
    var random = WorldRandom(seed: seed, purpose: .document, index: n)
    var ticket = random.below(total)
    var kind = Kind.story
    for (candidate, weight) in weights {
      kind = candidate
      if ticket < weight { break }
      ticket -= weight
    }
    var text = TextBuffer()
    switch kind {
    case .story: StoryWriter(facts: facts).write(random: &random, to: &text)
    case .facts: FactWriter(facts: facts).write(random: &random, to: &text)
    case .arithmetic: ArithmeticWriter(facts: facts).write(random: &random, to: &text)
    case .program: ProgramWriter(facts: facts).write(random: &random, to: &text)
    case .dialogue: DialogueWriter(facts: facts).write(random: &random, to: &text)
    }
    return (kind, text)
  }
}
