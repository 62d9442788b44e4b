import Models
import Tensors
import Tokenization

/// One text of a batch: what has been written, what is remembered and what comes next.
struct RunningSequence {
  /// The request's number and the text's among its texts.
  let number: Int
  let sample: Int
  let request: GenerationRequest
  /// Tokens of prompt and text together, at most.
  let longest: Int
  private let model: LanguageModel
  private let sampler: Sampler
  private var history: TokenHistory?
  private var stream: DecodeStream
  private var stops: StopStringMatcher
  private(set) var generation: Generation
  /// What the model remembers.
  var state: DecoderState
  /// Tokens of prompt and text that are not in the state yet.
  var unread: ArraySlice<UInt32>

  /// The first text of a request; its prompt begins with what is in the request's memory.
  init(_ request: GenerationRequest, number: Int, _ model: LanguageModel) {
    let room = model.configuration.contextLength - request.prompt.count
    let longest = request.prompt.count + min(room, request.settings.maxTokens)
    // Scores of the prompt need all of it read.
    let memory = request.promptLogProbabilities == nil ? request.memory : nil
    let state = memory.map { $0.state(sharedWith: request.prompt) } ?? DecoderState(
      model.configuration, capacity: DecoderState.room(for: min(longest, request.prompt.count + 128)),
      in: model.execution)
    var request = request
    request.memory = nil
    self.init(request, number: number, sample: 0, longest: longest, model, state)
  }

  /// Text `number` of the request, whose prompt `state` holds.
  func sample(_ sample: Int, state: DecoderState) -> RunningSequence {
    var request = request
    request.samples = 1
    request.settings.seed &+= UInt64(sample)
    var sequence = RunningSequence(request, number: number, sample: sample, longest: longest, model, state)
    sequence.generation.promptLogProbabilities = generation.promptLogProbabilities
    return sequence
  }

  private init(
    _ request: GenerationRequest, number: Int, sample: Int, longest: Int, _ model: LanguageModel, _ state: DecoderState
  ) {
    let settings = request.settings
    self.number = number
    self.sample = sample
    self.request = request
    self.longest = longest
    self.model = model
    self.state = state
    sampler = Sampler(settings)
    history = settings.hasPenalties ? TokenHistory(prompt: request.prompt) : nil
    stream = model.tokenizer.decodeStream()
    stops = StopStringMatcher(settings.stopStrings)
    unread = request.prompt[state.count...]
    generation = Generation(
      prompt: request.prompt, tokens: [], text: "",
      reason: longest - request.prompt.count < settings.maxTokens ? .contextLength : .maxTokens,
      logProbabilities: request.logProbabilities.map { _ in [] },
      promptLogProbabilities: request.promptLogProbabilities.map { _ in [] })
  }

  /// Tokens of prompt and text together.
  var count: Int { generation.prompt.count + generation.tokens.count }

  /// Whether nothing more may be written.
  var isFull: Bool { count >= longest }

  /// Whether this is the prompt of several texts.
  var begetsSamples: Bool { request.samples > 1 }

  /// How many alternatives are wanted for the prompt's tokens, while it is being read.
  var alternativesOfPrompt: Int? { generation.tokens.isEmpty ? request.promptLogProbabilities : nil }

  /// The next token after logits `[1, vocabulary]`, and how likely it was if that is asked for.
  func choice(_ logits: Tensor) -> (token: UInt32, logProbability: TokenLogProbability?) {
    let logits = UnsafeBufferPointer(logits.floats)
    // Rows of the head beyond the tokenizer's tokens are padding.
    let known = UnsafeBufferPointer(rebasing: logits[..<model.tokenizer.vocabularySize])
    let token = sampler.token(known, position: count, history: history)
    return (token, request.logProbabilities.map { TokenLogProbability(token, logits, alternatives: $0) })
  }

  /// Adds a token.
  mutating func take(_ choice: (token: UInt32, logProbability: TokenLogProbability?)) -> GenerationPiece {
    let token = choice.token
    if sampler.settings.stopAtEndOfText, model.endOfTextTokens.contains(token) { return end(.endOfText) }
    generation.tokens.append(token)
    if let own = choice.logProbability { generation.logProbabilities?.append(own) }
    history?.append(token)
    unread = [token]
    let text = stops.append(stream.append(token))
    generation.text += text
    guard stops.isFound || isFull else {
      return GenerationPiece(request: number, sample: sample, token: token, text: text)
    }
    var piece = end(stops.isFound ? .stopString : nil)
    piece.token = token
    piece.text = text + piece.text
    return piece
  }

  /// Ends the text, for want of room unless there is another reason: gives what was held back and the whole.
  mutating func end(_ reason: Generation.EndReason? = nil) -> GenerationPiece {
    generation.reason = reason ?? generation.reason
    var rest = ""
    if !stops.isFound {
      rest = stops.append(stream.finish())
      // The mark for an unfinished character may complete a stop string.
      if stops.isFound { generation.reason = .stopString } else { rest += stops.finish() }
    }
    generation.text += rest
    var piece = GenerationPiece(request: number, sample: sample, text: rest, generation: generation)
    if request.keepsMemory {
      let tokens = (generation.prompt + generation.tokens).prefix(state.count)
      piece.memory = PromptMemory(tokens: Array(tokens), state: state)
    }
    return piece
  }

  /// Adds how likely tokens of the prompt were.
  mutating func addPromptLogProbabilities(_ own: [TokenLogProbability]) {
    generation.promptLogProbabilities?.append(contentsOf: own)
  }
}
