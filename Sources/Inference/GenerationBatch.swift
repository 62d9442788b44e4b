import Formats
import Foundation
import Models
import Tensors

/// Texts that a model writes together: as one ends, the next prompt takes its place.
///
/// Each pass through the model takes the next token of every text that is being written and a piece of the prompts that
/// are being read, so that the weights are read once for all. What comes after a prompt depends on the prompt and its
/// settings and not on what else is in the batch: the choice from given logits to the bit, and the logits within the
/// rounding of products of other shapes. In float32 that is about 1e-6, and the texts are the same; in bfloat16 it is
/// about 1e-2, so that a text may take another way where two tokens are as good as equally likely.
public struct GenerationBatch {
  /// What a batch may take.
  public struct Limits: Sendable {
    /// Texts written at a time.
    public var sequences = 64
    /// New tokens of one pass.
    public var tokensOfPass = 4096
    /// Tokens of one prompt that are read in one pass, which bounds the memory of a long one.
    public var chunkLength = 512
    /// Bytes of keys and values that all texts together may come to, unless one alone needs more.
    public var memoryBytes = 4 << 30

    /// The usual limits.
    public init() {}
  }

  /// What writes.
  public let model: LanguageModel
  private let limits: Limits
  private let tokensInMemory: Int
  private var waiting: ArraySlice<(number: Int, request: GenerationRequest)> = []
  private var added = 0
  private var running: [RunningSequence] = []
  /// Prompts that have been read and have more texts to begin, with the logits after them.
  private var prototypes: [(sequence: RunningSequence, logits: Tensor, next: Int)] = []
  /// Tokens that running texts and prototypes may come to.
  private var reserved = 0

  /// An empty batch.
  public init(_ model: LanguageModel, limits: Limits = Limits()) {
    self.model = model
    self.limits = limits
    let bytes = DecoderState.byteCount(
      tokens: DecoderState.room(for: 1), model.configuration, compute: model.execution.compute)
    tokensInMemory = max(1, limits.memoryBytes / max(1, bytes / DecoderState.room(for: 1)))
  }

  /// Whether everything that was asked for is written.
  public var isDone: Bool { running.isEmpty && prototypes.isEmpty && waiting.isEmpty }

  /// Adds a prompt, to be read when there is room, and returns its number, from 0.
  /// - Throws: `InferenceError` for impossible settings or a prompt that cannot go through the model.
  @discardableResult
  public mutating func add(_ request: GenerationRequest) throws -> Int {
    try request.check()
    try model.check(prompt: request.prompt)
    waiting.append((added, request))
    added += 1
    return added - 1
  }

  /// Ends a text and returns what was held back of it; nil for one that is over, or that is one of several and has not
  /// begun.
  public mutating func stop(request number: Int, sample: Int) -> GenerationPiece? {
    if let i = running.firstIndex(where: { $0.number == number && $0.sample == sample }) {
      var sequence = running.remove(at: i)
      reserved -= sequence.longest
      return sequence.end(.stopped)
    }
    guard let i = waiting.firstIndex(where: { $0.number == number && $0.request.samples == 1 }) else { return nil }
    var sequence = RunningSequence(waiting.remove(at: i).request, number: number, model)
    return sequence.end(.stopped)
  }

  /// One pass through the model; returns what it brought, at most one piece a text.
  public mutating func step() -> [GenerationPiece] {
    let begun = admit()
    guard begun.isEmpty, !running.isEmpty else { return begun }
    let ready = read()
    guard !ready.isEmpty else { return [] }
    let logits = logits(ready.map(\.hidden))
    let sequences = ready.map { running[$0.index] }
    let choices = inParallel(ready.count) { i in
      let sequence = sequences[i]
      return sequence.begetsSamples || sequence.isFull ? nil : sequence.choice(logits[rows: i..<i + 1])
    }
    var pieces: [GenerationPiece] = []
    var gone: Set<Int> = []
    for (i, choice) in choices.enumerated() {
      let index = ready[i].index
      if running[index].begetsSamples {
        prototypes.append((running[index], logits[rows: i..<i + 1], 0))
        gone.insert(index)
        continue
      }
      let piece = choice.map { running[index].take($0) } ?? running[index].end()
      pieces.append(piece)
      if piece.generation != nil {
        reserved -= running[index].longest
        gone.insert(index)
      }
    }
    if !gone.isEmpty { running = running.indices.filter { !gone.contains($0) }.map { running[$0] } }
    return pieces
  }

  // MARK: Beginning

  private func hasRoom(for tokens: Int) -> Bool {
    running.count + prototypes.count < limits.sequences && reserved + tokens <= tokensInMemory
  }

  /// Begins texts and prompts for which there is room; returns the first tokens of texts whose prompts are read.
  private mutating func admit() -> [GenerationPiece] {
    var pieces: [GenerationPiece] = []
    while let (prototype, logits, next) = prototypes.first {
      // The last text takes over the prompt's own memory.
      let isLast = next == prototype.request.samples - 1
      guard isLast || running.isEmpty || hasRoom(for: prototype.longest) else { return pieces }
      let state = isLast ? prototype.state : prototype.state.forked(in: model.execution)
      var sequence = prototype.sample(next, state: state)
      if isLast {
        prototypes.removeFirst()
      } else {
        prototypes[0].next += 1
        reserved += sequence.longest
      }
      let piece = sequence.isFull ? sequence.end() : sequence.take(sequence.choice(logits))
      pieces.append(piece)
      if piece.generation == nil { running.append(sequence) } else { reserved -= sequence.longest }
    }
    while let (number, request) = waiting.first {
      let sequence = RunningSequence(request, number: number, model)
      guard running.isEmpty || hasRoom(for: sequence.longest) else { break }
      waiting.removeFirst()
      if sequence.isFull, request.promptLogProbabilities == nil {
        // Nothing may be written and nothing is asked about the prompt.
        for i in 0..<request.samples {
          var sample = sequence.sample(i, state: sequence.state)
          pieces.append(sample.end())
        }
      } else {
        running.append(sequence)
        reserved += sequence.longest
      }
    }
    return pieces
  }

  // MARK: Reading

  /// How many tokens each running text reads in the next pass: what is written goes before what is read.
  private func newTokens() -> [Int] {
    var room = max(1, limits.tokensOfPass - running.count { $0.unread.count == 1 })
    return running.map { sequence in
      guard sequence.unread.count > 1 else { return sequence.unread.count }
      let count = min(sequence.unread.count, max(1, limits.chunkLength), room)
      room -= count
      return count
    }
  }

  /// Feeds the next tokens; returns the hidden states `[1, hidden]` after which running texts want a token.
  private mutating func read() -> [(index: Int, hidden: Tensor)] {
    let counts = newTokens()
    let taking = running.indices.filter { counts[$0] > 0 }
    var states = taking.map { running[$0].state }
    let tokens = taking.map { running[$0].unread.prefix(counts[$0]).map { Int32(bitPattern: $0) } }
    let hidden = model.model.step(tokens, states: &states, in: model.execution)
    var ready: [(index: Int, hidden: Tensor)] = []
    var start = 0
    for (i, index) in taking.enumerated() {
      let rows = hidden[rows: start..<start + counts[index]]
      start += counts[index]
      if let alternatives = running[index].alternativesOfPrompt {
        running[index].addPromptLogProbabilities(
          score(rows, running[index].unread.dropFirst().prefix(rows.rows), alternatives))
      }
      running[index].state = states[i]
      running[index].unread = running[index].unread.dropFirst(rows.rows)
      if running[index].unread.isEmpty { ready.append((index, rows[rows: rows.rows - 1..<rows.rows])) }
    }
    return ready
  }

  /// Log-probabilities of the tokens that follow the first hidden states of `hidden`.
  private func score(_ hidden: Tensor, _ targets: ArraySlice<UInt32>, _ alternatives: Int) -> [TokenLogProbability] {
    let targets = Array(targets)
    // Logits of a few tokens at a time, as a large vocabulary has many.
    return stride(from: 0, to: targets.count, by: 64).flatMap { start in
      let rows = start..<min(start + 64, targets.count)
      let logits = model.model.logits(hidden[rows: rows], in: model.execution).onHost
      return inParallel(rows.count) { i in
        TokenLogProbability(
          targets[start + i], UnsafeBufferPointer(logits[rows: i..<i + 1].floats), alternatives: alternatives)
      }
    }
  }

  /// Logits `[rows, vocabulary]` of hidden states that stand apart, on the host.
  private func logits(_ hidden: [Tensor]) -> Tensor {
    let joined = model.execution.tensor([hidden.count, hidden[0].columns])
    for (i, row) in hidden.enumerated() { model.execution.backend.copy(row, into: joined[rows: i..<i + 1]) }
    return model.model.logits(joined, in: model.execution).onHost
  }

  /// What goes over a vocabulary for each of some rows; one row is not worth a second thread.
  private func inParallel<Result>(_ rows: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
    parallelMap(count: rows, threads: rows == 1 ? 1 : ProcessInfo.processInfo.activeProcessorCount, body)
  }
}
