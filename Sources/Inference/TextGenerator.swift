import Models
import Tensors

/// Generates text token by token, keeping keys and values of what has been read.
public struct TextGenerator: Sendable {
  /// What generates.
  public let model: LanguageModel
  /// What texts that are written together may take.
  public var limits = GenerationBatch.Limits()

  /// A generator of a model's text.
  /// - Parameter chunkLength: tokens of a prompt that go through the model at a time.
  public init(_ model: LanguageModel, chunkLength: Int = 512) {
    self.model = model
    limits.chunkLength = max(1, chunkLength)
  }

  /// Continues a text.
  /// - Parameter each: told each token and the text that is certain with it, often empty within a character or where a
  ///   stop string may have begun; what is left at the end comes with the last token. Returning false ends the
  ///   generation.
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
    var last: UInt32?
    let results = try generate([GenerationRequest(prompt, settings: settings)]) { piece in
      last = piece.token ?? last
      guard let last, piece.token != nil || !piece.text.isEmpty else { return true }
      return try each(last, piece.text)
    }
    return results[0][0]
  }

  /// Continues many prompts together: the texts of each request, in their order.
  /// - Parameter each: told every token and every end as they come. Returning false ends that text.
  /// - Throws: `InferenceError` for the first request that is impossible, and what `each` throws.
  public func generate(
    _ requests: [GenerationRequest], each: (GenerationPiece) throws -> Bool = { _ in true }
  ) throws -> [[Generation]] {
    var batch = GenerationBatch(model, limits: limits)
    for request in requests { try batch.add(request) }
    var results = requests.map { [Generation?](repeating: nil, count: $0.samples) }
    while !batch.isDone {
      for piece in batch.step() {
        var end = piece
        if try !each(piece), let stopped = batch.stop(request: piece.request, sample: piece.sample) {
          _ = try each(stopped)
          end = stopped
        }
        if let generation = end.generation { results[end.request][end.sample] = generation }
      }
    }
    return results.map { $0.compactMap(\.self) }
  }
}
