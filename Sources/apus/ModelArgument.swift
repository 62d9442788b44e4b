import ArgumentParser
import Formats
import Models
import Training

/// A model that a command describes without its weights.
struct ModelArgument: ParsableArguments {
  @Argument(help: "A preset, a run configuration (YAML), a model folder or its config.json, or a GGUF file.")
  var model: String

  @Option(name: .customLong("set"), help: "Change a key of a run configuration: section.key=value.")
  var overrides: [String] = []

  @Option(help: "The vocabulary, for a run configuration that leaves it to the tokenizer.")
  var vocabSize: Int?

  /// Its shape.
  func configuration() throws -> ModelConfiguration {
    if model.hasSuffix(".yaml") || model.hasSuffix(".yml") {
      let run = try RunConfiguration.read(
        path: model, overrides: overrides.map { text in try ConfigurationOverride(text) }
      ).configuration
      var base: ModelConfiguration?
      if case .folder(let path) = run.model.initialization { base = try ModelConfiguration(stored: path) }
      return try run.modelConfiguration(vocabularySize: vocabSize, base: base, file: model)
    }
    guard overrides.isEmpty else { throw ValidationError("--set changes a run configuration; '\(model)' is none") }
    if Paths.exists(model) { return try ModelConfiguration(stored: model) }
    return try Preset(named: model).configuration
  }
}
