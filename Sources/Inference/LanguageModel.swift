public import Models
public import Tensors
public import Tokenization

/// A model with its tokenizer and the place where it computes: what is asked for text, scored and served.
public struct LanguageModel: Sendable {
  /// The network and its weights; a trainer's own model may stand here, so that it is sampled as it is now.
  public let model: DecoderModel
  /// Text to tokens and back.
  public let tokenizer: Tokenizer
  /// Where and in which type it computes.
  public let execution: Execution
  /// Tokens that end a text.
  public let endOfTextTokens: Set<UInt32>
  /// How its folder says that it wants to be asked.
  public let defaults: GenerationDefaults

  /// Loads a Hugging Face folder or a GGUF file.
  /// - Parameters:
  ///   - compute: Type of activations and of the products' operands.
  ///   - weightFormat: How weights are read; Q8_0 rounds them.
  ///   - backend: Where it computes.
  /// - Throws: a sentence naming what is missing, damaged or does not fit together.
  public init(
    directory: String, compute: DType = .bfloat16, weightFormat: WeightFormat = .compute,
    on backend: any Backend = CPUBackend()
  ) throws {
    let execution = Execution(backend: backend, compute: compute, weightFormat: weightFormat)
    let (model, tokenizer) = try ModelFolder.load(directory, for: execution)
    // A GGUF file is no folder, so nothing stands in it.
    self.init(
      model, tokenizer: tokenizer, execution: execution, defaults: try GenerationDefaults(folder: directory))
  }

  /// Joins a model in memory, such as one in training, with its tokenizer.
  /// - Parameters:
  ///   - endOfTextTokens: tokens that end a text besides the configuration's, the tokenizer's and those of `defaults`.
  public init(
    _ model: DecoderModel, tokenizer: Tokenizer, execution: Execution = Execution(), endOfTextTokens: [UInt32] = [],
    defaults: GenerationDefaults = GenerationDefaults()
  ) {
    precondition(
      tokenizer.vocabularySize <= model.configuration.vocabularySize, "the model knows all tokens of its tokenizer")
    self.model = model
    self.tokenizer = tokenizer
    self.execution = execution
    self.defaults = defaults
    var ends = Set(endOfTextTokens + defaults.endOfTextTokens)
    if let end = tokenizer.endOfText { ends.insert(end) }
    if let end = model.configuration.endOfTextToken, end >= 0 { ends.insert(UInt32(end)) }
    self.endOfTextTokens = ends
  }

  /// The same shape with fresh random weights, which shows what training has added.
  public func untrained(seed: UInt64 = 0) -> LanguageModel {
    let fresh = DecoderModel(model.configuration, trainable: false, on: execution.backend)
    fresh.store.initialize(seed: seed)
    return LanguageModel(
      fresh, tokenizer: tokenizer, execution: execution, endOfTextTokens: Array(endOfTextTokens), defaults: defaults)
  }

  /// The shape of the model.
  public var configuration: ModelConfiguration { model.configuration }

  /// The tokens of a prompt, with those around it that the tokenizer's template asks for. An empty one begins as a
  /// document does: after the token that ends a text.
  /// - Throws: `InferenceError` for an empty prompt where there is no such token.
  public func promptTokens(_ prompt: String) throws -> [UInt32] {
    let tokens = tokenizer.addingTemplate(to: tokenizer.encode(prompt, specialTokens: .recognised))
    if !tokens.isEmpty { return tokens }
    guard let first = tokenizer.beginningOfText ?? tokenizer.endOfText else {
      throw InferenceError("The prompt", "is empty, and the tokenizer has no token that begins or ends a text")
    }
    return [first]
  }

  /// Refuses a prompt that cannot go through the model.
  /// - Throws: `InferenceError` for one without tokens, longer than the context or outside the vocabulary.
  public func check(prompt tokens: [UInt32]) throws {
    let context = configuration.contextLength
    guard !tokens.isEmpty else { throw InferenceError("The prompt", "has no token; give at least one") }
    guard tokens.count <= context else {
      throw InferenceError(
        "The prompt", "has \(tokens.count) tokens, more than the model's context of \(context); shorten it")
    }
    if let token = tokens.first(where: { $0 >= configuration.vocabularySize }) {
      throw InferenceError(
        "The prompt", "holds the token \(token), outside the model's vocabulary of \(configuration.vocabularySize)")
    }
  }
}
