import ArgumentParser
import Inference

/// Options of every command that lets a model write.
struct SamplingOptions: ParsableArguments {
  @Option(help: "Tokens to write, at most.")
  var maxTokens: Int?

  @Flag(help: "Always take the likeliest token: temperature 0.")
  var greedy = false

  @Option(help: "0 takes the likeliest token, 1 draws as the model has learned; between is more careful.")
  var temperature: Double?

  @Option(help: "Draw from so many of the likeliest tokens only.")
  var topK: Int?

  @Option(help: "Draw from the likeliest tokens that together have this probability.")
  var topP: Double?

  @Option(help: "Draw from tokens with at least this share of the likeliest one's probability.")
  var minP: Double?

  @Option(help: "Above 1: what stands in prompt or text is less likely to come again; below 1: more.")
  var repetitionPenalty: Double?

  @Option(help: "Taken from the logits of tokens that the text already holds.")
  var presencePenalty: Double?

  @Option(help: "Taken from a token's logit as often as the text holds it.")
  var frequencyPenalty: Double?

  @Option(parsing: .unconditionalSingleValue, help: "End before this text; may be given several times.")
  var stop: [String] = []

  @Option(help: "Seed of the random numbers.")
  var seed: UInt64 = 0

  @Flag(help: "Go on where the model would end the text.")
  var ignoreEndOfText = false

  func validate() throws {
    if greedy, let temperature, temperature != 0 {
      throw ValidationError("--greedy is temperature 0; leave out --temperature \(temperature).")
    }
    do { try settings(GenerationDefaults(), maxTokens: 1).check() } catch { throw ValidationError("--\(error)") }
  }

  /// What was said here, else what the model says for itself, else temperature 0.8 and `maxTokens`.
  func settings(_ defaults: GenerationDefaults, maxTokens: Int) -> SamplingSettings {
    var settings = defaults.settings(
      SamplingSettings(temperature: 0.8, seed: seed, maxTokens: maxTokens, stopAtEndOfText: !ignoreEndOfText))
    settings.temperature = greedy ? 0 : temperature ?? settings.temperature
    settings.topK = topK ?? settings.topK
    settings.topP = topP ?? settings.topP
    settings.minP = minP ?? settings.minP
    settings.repetitionPenalty = repetitionPenalty ?? settings.repetitionPenalty
    settings.presencePenalty = presencePenalty ?? 0
    settings.frequencyPenalty = frequencyPenalty ?? 0
    settings.maxTokens = self.maxTokens ?? settings.maxTokens
    settings.stopStrings = stop
    return settings
  }
}
