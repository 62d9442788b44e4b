import Formats
import Inference

extension JSON {
  /// Adds what a model wrote to an object.
  mutating func add(_ generation: Generation, _ model: LanguageModel) {
    self["text"] = .string(generation.text)
    self["reason"] = .string(generation.reason.rawValue)
    self["prompt_tokens"] = JSON(generation.prompt.count)
    self["tokens"] = .array(generation.tokens.map { .integer(Int64($0)) })
    if let own = generation.logProbabilities { self["logprobs"] = .array(own.map { JSON($0, model) }) }
    if let own = generation.promptLogProbabilities { self["prompt_logprobs"] = .array(own.map { JSON($0, model) }) }
  }

  /// `{"token", "text", "logprob", "top": [{"token", "text", "logprob"}, …]}`; `top` where it was asked for.
  private init(_ own: TokenLogProbability, _ model: LanguageModel) {
    func object(_ token: UInt32, _ logProbability: Double) -> JSON {
      ["token": .integer(Int64(token)), "text": .string(model.tokenizer.text([token])), "logprob": JSON(logProbability)]
    }
    self = object(own.token, own.logProbability)
    if !own.alternatives.isEmpty {
      self["top"] = .array(own.alternatives.map { object($0.token, $0.logProbability) })
    }
  }
}
