import Models
import Tensors

/// Generates text token by token, keeping keys and values of what has been read.
public struct TextGenerator: Sendable {
  /// What generates.
  public let model: LanguageModel
  /// Tokens of a prompt that go through the model at a time, which bounds the memory of a long one.
  public var chunkLength: Int

  /// A generator of a model's text.
  public init(_ model: LanguageModel, chunkLength: Int = 512) {
    self.model = model
    self.chunkLength = max(1, chunkLength)
  }

  /// Continues a text.
  /// - Parameter each: told each token and the text that is complete with it, often empty within a character; what is
  ///   left at the end comes with the last call's token. Returning false ends the generation.
  /// - Throws: `InferenceError` for impossible settings or a prompt longer than the context, and what `each` throws.
  @discardableResult
  public func generate(
    _ prompt: String, settings: SamplingSettings,
    each: (_ token: UInt32, _ text: String) throws -> Bool = { _, _ in true }
  ) throws -> Generation {
    try generate(tokens: model.promptTokens(prompt), settings: settings, each: each)
  }

  /// Continues some tokens.
  @discardableResult
  public func generate(
    tokens prompt: [UInt32], settings: SamplingSettings,
    each: (_ token: UInt32, _ text: String) throws -> Bool = { _, _ in true }
  ) throws -> Generation {
    try settings.check()
    try model.check(prompt: prompt)
    let context = model.configuration.contextLength
    let limit = min(settings.maxTokens, context - prompt.count)
    var result = Generation(
      prompt: prompt, tokens: [], text: "", reason: limit < settings.maxTokens ? .contextLength : .maxTokens)
    guard limit > 0 else { return result }

    let execution = model.execution
    let sampler = Sampler(settings)
    var state = DecoderState(model.configuration, capacity: prompt.count + limit, in: execution)
    var stream = model.tokenizer.decodeStream()
    var pending = prompt
    while result.tokens.count < limit {
      let hidden = read(pending, &state)
      let logits = model.model.logits(hidden, in: execution)
      let token = sampler.token(model.knownLogits(logits, row: 0), position: prompt.count + result.tokens.count)
      if settings.stopAtEndOfText, model.endOfTextTokens.contains(token) {
        result.reason = .endOfText
        break
      }
      result.tokens.append(token)
      let piece = stream.append(token)
      result.text += piece
      pending = [token]
      if try !each(token, piece) {
        result.reason = .stopped
        break
      }
    }
    let rest = stream.finish()
    if !rest.isEmpty, let last = result.tokens.last {
      result.text += rest
      _ = try each(last, rest)
    }
    return result
  }

  /// Feeds tokens and returns the hidden state of the last, `[1, hidden]`.
  private func read(_ tokens: [UInt32], _ state: inout DecoderState) -> Tensor {
    var start = 0
    while true {
      let end = min(start + chunkLength, tokens.count)
      let chunk = tokens[start..<end].map { Int32(bitPattern: $0) }
      let hidden = model.model.step(chunk, state: &state, in: model.execution)
      if end == tokens.count { return hidden[rows: chunk.count - 1..<chunk.count] }
      start = end
    }
  }
}
