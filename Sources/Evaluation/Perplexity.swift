import Corpora
import Foundation
public import Inference
import Models
import Tensors

/// How well a model predicts a text.
///
/// The documents stand one after another as one stream of tokens, each followed by the token that ends a text. The
/// stream is cut into windows of `length + 1` tokens at stride `length`, the last one shorter; the model reads a window
/// without what came before it. Every token is thus a target once, end-of-text tokens and the first tokens of documents
/// included, except the stream's very first, before which there is nothing to read.
///
/// Nats a token are the mean negative log-likelihood of the targets; perplexity is its exponential; bits a byte are the
/// sum of the nats over ln 2 and over the UTF-8 bytes of the documents. An end-of-text token counts as a token and adds
/// no bytes. Bits a byte compare models of different tokenizers; nats a token and perplexity do not.
public struct Perplexity: Sendable {
  /// How far an evaluation is.
  public struct Progress: Sendable {
    /// Targets scored so far.
    public var targets: Int
    /// Share of the data that is done, 0 to 1.
    public var fraction: Double
    /// Nats a token so far.
    public var natsPerToken: Double
  }

  /// What is scored.
  public let model: LanguageModel
  /// Tokens of a window that are read; the model's context length unless said otherwise.
  public let length: Int
  /// Whether a token sees only its own document, its positions counted from there, as models trained with document
  /// masking do.
  public var maskDocuments: Bool
  /// Field of JSON lines that holds the text.
  public var field = "text"
  /// Tokens that go through the model at a time, at least one window.
  private static let tokensOfBatch = 8192

  /// Prepares evaluations of a model.
  /// - Throws: `InferenceError` for a length beyond the model's context.
  public init(_ model: LanguageModel, length: Int? = nil, maskDocuments: Bool = false) throws {
    let context = model.configuration.contextLength
    guard (1...context).contains(length ?? context) else {
      throw InferenceError("length", "is \(length ?? 0); it must be from 1 to the model's context of \(context) tokens")
    }
    self.model = model
    self.length = length ?? context
    self.maskDocuments = maskDocuments
  }

  /// Scores a folder of token files (`.ds`), or text and JSON lines, a file or a folder of them.
  /// - Parameter progress: called after each batch of windows.
  /// - Throws: what is missing or damaged in one sentence, and what `progress` throws.
  public func evaluate(path: String, progress: (Progress) throws -> Void = { _ in }) throws -> PerplexityResult {
    let isTokens = path.hasSuffix(".ds") || DataFolder.holdsTokenFiles(path)
    let result: PerplexityResult
    if isTokens {
      result = try evaluate(try TokenFolderWindows(path, model: model), progress)
    } else {
      result = try evaluate(try TextWindows(path, field: field, model: model), progress)
    }
    guard result.targets > 0 else {
      throw CorpusError(path, "holds fewer than two tokens; there is nothing to predict")
    }
    return result
  }

  private func evaluate<Source: WindowSource>(
    _ source: Source, _ progress: (Progress) throws -> Void
  ) throws -> PerplexityResult {
    var source = source
    var result = PerplexityResult(nats: 0, targets: 0, tokens: 0, textBytes: 0)
    let rotaryTable = RotaryTable.make(model.configuration, positions: length, in: model.execution.arena)
    let width = max(1, Self.tokensOfBatch / length)
    var batch: [TokenWindow] = []
    var isAtEnd = false
    while !isAtEnd {
      let window = try source.next(length: length)
      isAtEnd = window == nil
      // Windows of one pass have one length; only the last of all is shorter.
      if let window, batch.isEmpty || batch[0].tokens.count == window.tokens.count, batch.count < width {
        batch.append(window)
        continue
      }
      if !batch.isEmpty {
        result.nats += score(batch, rotaryTable)
        result.targets += batch.reduce(0) { $0 + $1.tokens.count - 1 }
        try progress(
          Progress(targets: result.targets, fraction: source.fraction, natsPerToken: result.natsPerToken))
      }
      batch = window.map { [$0] } ?? []
    }
    result.tokens = source.tokenCount
    result.textBytes = source.textBytes
    return result
  }

  /// The sum of the negative log-likelihoods of windows of equal length, in nats.
  private func score(_ windows: [TokenWindow], _ rotaryTable: RotaryTable) -> Double {
    let execution = model.execution
    let length = windows[0].tokens.count - 1
    var tape = Tape(execution, recording: false)
    let context = SequenceContext(
      sequences: windows.count, length: length,
      documentStarts: maskDocuments ? windows.flatMap { $0.documentStarts.dropLast() } : nil,
      rotaryTable: rotaryTable, arena: execution.arena)
    let tokens = Tensor(windows.flatMap { $0.tokens.dropLast() }, in: execution.arena)
    let targets = Tensor(windows.flatMap { $0.tokens.dropFirst() }, in: execution.arena)
    let hidden = model.model.hiddenStates(tokens, context, on: &tape)
    let results = tape.outputHead(hidden, model.model.head, targets: targets, gradient: nil).results
    return -results.logProbabilities.reduce(0.0) { $0 + Double($1) }
  }
}
