import ArgumentParser
import Formats
import Foundation
import Inference
import Reporting

/// `apus generate`: continues texts.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Continue texts with a model.",
    discussion: """
      The text appears as it is written, after the prompt. The same seed gives the same text. A run folder stands \
      for its newest complete checkpoint. Temperature, top-k, top-p, min-p, repetition penalty and max-tokens that \
      are not given here are those of the model's generation_config.json, else temperature 0.8 and 256 tokens.

      Log-probabilities are those of the model itself, before any of these settings.

      A file of prompts has a JSON object a line: "prompt", or "tokens" instead, and where wanted "id", "seed" and \
      "max_tokens". Prompts are written on together, and each gives what it gives alone.

      Examples:
        apus generate my-model --prompt 'Once upon a time'
        apus generate runs/first --prompt 'The' --greedy --max-tokens 50
        apus generate my-model --prompt 'Q: 2+2? A:' --stop '\\n' --samples 4 --min-p 0.05
        apus generate my-model --prompts prompts.jsonl --logprobs 5 > texts.jsonl
      """)

  @Argument(help: "A model's folder or GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @Option(help: "The text to continue.")
  var prompt: String?

  @Option(help: ArgumentHelp("Prompts to continue together, a JSON object a line; prints the same.", valueName: "file"))
  var prompts: String?

  @OptionGroup(title: "How tokens are chosen")
  var sampling: SamplingOptions

  @Option(help: "Texts to write after each prompt, with seed, seed + 1 and so on.")
  var samples = 1

  @Option(help: "With JSON: the log-probability of each token, and of so many of the likeliest.")
  var logprobs: Int?

  @Option(help: "The same for the prompt's tokens.")
  var promptLogprobs: Int?

  @OptionGroup var compute: ComputeOptions

  @Flag(help: "Print one JSON object a text at the end instead of the text as it comes.")
  var json = false

  func validate() throws {
    guard (prompt == nil) != (prompts == nil) else {
      throw ValidationError("Give --prompt with a text, or --prompts with a file of them.")
    }
    if samples < 1 { throw ValidationError("--samples is \(samples); it must be 1 or more.") }
    for (name, value) in [("logprobs", logprobs), ("prompt-logprobs", promptLogprobs)] {
      guard let value else { continue }
      if value < 0 { throw ValidationError("--\(name) is \(value); it must be 0 or more.") }
      if prompts == nil, !json { throw ValidationError("--\(name) shows in JSON only; add --json.") }
    }
  }

  func run() throws {
    let folder = try ModelFolder.resolve(model)
    let model = try compute.load(folder)
    let settings = sampling.settings(model.defaults, maxTokens: 256)
    try settings.check()
    if let prompts {
      try continueAll(PromptFile.read(prompts, model: model), model, settings)
    } else if let prompt {
      try json ? tell(prompt, model, settings, folder) : show(prompt, model, settings)
    }
  }

  private func request(_ tokens: [UInt32], _ settings: SamplingSettings) -> GenerationRequest {
    var request = GenerationRequest(tokens, settings: settings)
    request.samples = samples
    request.logProbabilities = logprobs
    request.promptLogProbabilities = promptLogprobs
    return request
  }

  /// Writes prompt and text as it comes; of several texts each when it and those before it are done.
  private func show(_ prompt: String, _ model: LanguageModel, _ settings: SamplingSettings) throws {
    let output = FileHandle.standardOutput
    func write(_ text: String) throws { try output.write(contentsOf: Data(text.utf8)) }
    let request = request(try model.promptTokens(prompt), settings)
    guard samples > 1 else {
      try write(prompt)
      _ = try TextGenerator(model).generate([request]) { piece in
        if !piece.text.isEmpty { try write(piece.text) }
        return true
      }
      return try write("\n")
    }
    var order = InOrder<String>()
    _ = try TextGenerator(model).generate([request]) { piece in
      guard let generation = piece.generation else { return true }
      for (i, text) in order.add(generation.text, at: piece.sample) {
        try write("--- \(i + 1) of \(samples)\n\(prompt)\(text)\n")
      }
      return true
    }
  }

  private func tell(
    _ prompt: String, _ model: LanguageModel, _ settings: SamplingSettings, _ folder: String
  ) throws {
    let request = request(try model.promptTokens(prompt), settings)
    let started = ContinuousClock.now
    var firstToken: ContinuousClock.Instant?
    let texts = try TextGenerator(model).generate([request]) { _ in
      if firstToken == nil { firstToken = .now }
      return true
    }[0]
    let seconds = started.duration(to: .now) / .seconds(1)
    let decoding = firstToken.map { $0.duration(to: .now) / .seconds(1) } ?? 0
    let count = texts.reduce(0) { $0 + $1.tokens.count } - texts.count
    for (i, text) in texts.enumerated() {
      var object: JSON = ["model": .string(folder), "prompt": .string(prompt)]
      if samples > 1 { object["sample"] = JSON(i) }
      object.add(text, model)
      object["seconds"] = JSON(seconds)
      object["tokens_per_second"] = count > 0 && decoding > 0 ? JSON(Double(count) / decoding) : .null
      print(object.serializedString())
    }
  }

  /// Prints a JSON object a text, in the order of the prompts, as soon as it and those before it are done.
  private func continueAll(_ prompts: [PromptFile.Line], _ model: LanguageModel, _ settings: SamplingSettings) throws {
    let requests = prompts.map { line in
      var settings = settings
      settings.seed = line.seed ?? settings.seed
      settings.maxTokens = line.maxTokens ?? settings.maxTokens
      return request(line.tokens, settings)
    }
    let progress = ProgressLine("generating", total: prompts.count * samples, unit: "texts")
    var order = InOrder<JSON>()
    _ = try TextGenerator(model).generate(requests) { piece in
      guard let generation = piece.generation else { return true }
      var object: JSON = ["index": JSON(piece.request)]
      if let id = prompts[piece.request].id { object["id"] = id }
      if let prompt = prompts[piece.request].prompt { object["prompt"] = .string(prompt) }
      if samples > 1 { object["sample"] = JSON(piece.sample) }
      object.add(generation, model)
      for (_, object) in order.add(object, at: piece.request * samples + piece.sample) {
        print(object.serializedString())
      }
      progress.advance()
      return true
    }
    progress.finish()
  }
}
