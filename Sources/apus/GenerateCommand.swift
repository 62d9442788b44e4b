import ArgumentParser
import Formats
import Foundation
import Inference

/// `apus generate`: continues a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Continue a text with a model.",
    discussion: """
      The text appears as it is written, after the prompt. The same seed gives the same text. A run folder stands \
      for its newest complete checkpoint.

      Examples:
        apus generate my-model --prompt 'Once upon a time'
        apus generate runs/first --prompt 'The' --temperature 0 --max-tokens 50
      """)

  @Argument(help: "A model's folder or GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @Option(help: "The text to continue.")
  var prompt: String

  @Option(help: "Tokens to write, at most.")
  var maxTokens = 256

  @Option(help: "0 takes the likeliest token, 1 draws as the model has learned; between is more careful.")
  var temperature = 0.8

  @Option(help: "Draw from so many of the likeliest tokens only.")
  var topK: Int?

  @Option(help: "Draw from the likeliest tokens that together have this probability.")
  var topP: Double?

  @Option(help: "Seed of the random numbers.")
  var seed: UInt64 = 0

  @Flag(help: "Go on where the model would end the text.")
  var ignoreEndOfText = false

  @Flag(help: "Print one JSON object at the end instead of the text as it comes.")
  var json = false

  func validate() throws {
    do { try settings.check() } catch { throw ValidationError("--\(error)") }
  }

  func run() throws {
    let folder = try ModelFolder.resolve(model)
    let generator = TextGenerator(try LanguageModel(directory: folder))
    let output = FileHandle.standardOutput
    if !json { try output.write(contentsOf: Data(prompt.utf8)) }
    let started = ContinuousClock.now
    var firstToken: ContinuousClock.Instant?
    let generation = try generator.generate(prompt, settings: settings) { _, text in
      if firstToken == nil { firstToken = .now }
      if !json, !text.isEmpty { try output.write(contentsOf: Data(text.utf8)) }
      return true
    }
    let count = generation.tokens.count
    guard json else {
      try output.write(contentsOf: Data("\n".utf8))
      return
    }
    let decoding = firstToken.map { $0.duration(to: .now) / .seconds(1) } ?? 0
    let object: JSON = [
      "model": .string(folder), "prompt": .string(prompt), "text": .string(generation.text),
      "reason": .string(generation.reason.rawValue), "prompt_tokens": JSON(generation.prompt.count),
      "tokens": .array(generation.tokens.map { .integer(Int64($0)) }),
      "seconds": JSON(started.duration(to: .now) / .seconds(1)),
      "tokens_per_second": count > 1 && decoding > 0 ? JSON(Double(count - 1) / decoding) : .null,
    ]
    print(object.serializedString())
  }

  private var settings: SamplingSettings {
    SamplingSettings(
      temperature: temperature, topK: topK, topP: topP, seed: seed, maxTokens: maxTokens,
      stopAtEndOfText: !ignoreEndOfText)
  }
}
