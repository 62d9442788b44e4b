import Formats
import Inference
import Models
import Tensors
import Testing

/// Folders that are written, read again and found.
@Suite struct ModelFolderTests {
  @Test func whatIsSavedIsLoaded() throws {
    let folder = try TemporaryFolder()
    let language = try Tiny.model()
    let path = folder.path.appendingPath("model")
    try ModelFolder.save(language.model, tokenizer: language.tokenizer, dtype: .float32, to: path)
    let loaded = try ModelFolder.load(path)
    #expect(loaded.model.store.master.toFloats() == language.model.store.master.toFloats())
    #expect(loaded.model.configuration.endOfTextToken == language.tokenizer.endOfText.map { Int($0) })
    let text = "the river, the hill"
    #expect(loaded.tokenizer.encode(text) == language.tokenizer.encode(text))

    let settings = SamplingSettings(seed: 2, maxTokens: 20)
    let again = try TextGenerator(LanguageModel(directory: path, compute: .float32)).generate(text, settings: settings)
    #expect(try TextGenerator(language).generate(text, settings: settings) == again)

    try ModelFolder.save(language.model, tokenizer: language.tokenizer, to: path)
    let rounded = try ModelFolder.load(path, trainable: true).model
    #expect(rounded.store.gradient != nil)
    let expected = language.model.store.master.toFloats().map { BFloat16.float(BFloat16.bits($0)) }
    #expect(rounded.store.master.toFloats() == expected)
    #expect(try JSON.parse(contentsOfFile: path.appendingPath("config.json"))["torch_dtype"] == "bfloat16")
    #expect(
      try Paths.names(inFolder: path) == [
        "config.json", "generation_config.json", "model.safetensors", "special_tokens_map.json", "tokenizer.json",
        "tokenizer_config.json",
      ])
  }

  @Test func everyTokenThatEndsATextIsKnown() throws {
    let folder = try TemporaryFolder()
    let language = try Tiny.model()
    try ModelFolder.save(language.model, tokenizer: language.tokenizer, to: folder.path)
    try AtomicFile.write(#"{"eos_token_id": [0, 7, 9]}"#, to: folder.path.appendingPath("generation_config.json"))
    #expect(try LanguageModel(directory: folder.path).endOfTextTokens == [0, 7, 9])
  }

  @Test func aModelSaysHowItWantsToBeAsked() throws {
    let folder = try TemporaryFolder()
    let file = folder.path.appendingPath("generation_config.json")
    let own = SamplingSettings(temperature: 0.8, topK: 7, seed: 3, maxTokens: 9)
    #expect(try GenerationDefaults(folder: folder.path).settings(own) == own)
    try AtomicFile.write(
      #"{"do_sample": true, "temperature": 0.6, "top_k": 0, "top_p": 0.95, "min_p": null, "repetition_penalty": 1.1, "#
        + #""max_new_tokens": 77, "eos_token_id": 5, "other": [1]}"#, to: file)
    let defaults = try GenerationDefaults(folder: folder.path)
    var expected = SamplingSettings(temperature: 0.6, topK: 7, topP: 0.95, seed: 3, maxTokens: 77)
    expected.repetitionPenalty = 1.1
    #expect(defaults.settings(own) == expected && defaults.endOfTextTokens == [5])
    for (text, temperature) in [
      (#"{"do_sample": false, "temperature": 0.6}"#, 0), (#"{"do_sample": true}"#, 1), ("{}", 0.8),
    ] {
      try AtomicFile.write(text, to: file)
      #expect(try GenerationDefaults(folder: folder.path).settings(own).temperature == temperature)
    }
    for (text, problem) in [
      (#"{"top_p": 3}"#, "top-p is 3.0"), (#"{"temperature": "hot"}"#, "\"hot\" for temperature"),
      (#"{"top_k": 1.5}"#, "1.5 for top_k"), ("[1]", "holds an array"), (#"{"eos_token_id": [1, -1]}"#, "eos_token_id"),
      (#"{"max_new_tokens": -1}"#, "max-tokens"), ("{", "generation_config.json"),
    ] {
      try AtomicFile.write(text, to: file)
      let refused = sentence { _ = try GenerationDefaults(folder: folder.path) }
      #expect(refused.contains(problem) && refused.contains("generation_config.json"), "\(refused)")
    }
  }

  @Test func theNewestCompleteCheckpointStandsForARun() throws {
    let folder = try TemporaryFolder()
    let language = try Tiny.model()
    let checkpoints = folder.path.appendingPath("checkpoints")
    for step in ["9", "100", "20"] {
      try ModelFolder.save(
        language.model, tokenizer: step == "100" ? nil : language.tokenizer, to: checkpoints.appendingPath(step))
    }
    try Paths.createFolder(checkpoints.appendingPath("notes"))
    // 100 has no tokenizer.
    let newest = checkpoints.appendingPath("20")
    #expect(try ModelFolder.resolve(folder.path) == newest)
    #expect(try ModelFolder.resolve(checkpoints) == newest)
    #expect(try ModelFolder.resolve(checkpoints.appendingPath("9")) == checkpoints.appendingPath("9"))
    let lacking = sentence { _ = try ModelFolder.resolve(checkpoints.appendingPath("100")) }
    #expect(lacking.contains("100") && lacking.contains("lacks tokenizer.json"))
    #expect(sentence { _ = try ModelFolder.resolve("/nowhere/at/all") }.contains("/nowhere/at/all does not exist"))
    #expect(sentence { _ = try ModelFolder.load(checkpoints) }.contains("config.json"))
  }

  @Test func partsThatDoNotBelongTogetherAreRefused() throws {
    let folder = try TemporaryFolder()
    let language = try Tiny.model()
    let small = DecoderModel(Tiny.configuration(100), trainable: false)
    small.store.initialize(seed: 1)
    let refused = sentence { try ModelFolder.save(small, tokenizer: language.tokenizer, to: folder.path) }
    #expect(refused.contains("290") && refused.contains("100"))

    try ModelFolder.save(language.model, tokenizer: language.tokenizer, to: folder.path)
    try small.configuration.saveHuggingFaceConfiguration(folder: folder.path)
    #expect(sentence { _ = try ModelFolder.load(folder.path) }.contains("vocab_size"))
    var wide = language.configuration
    wide.hiddenSize = 64
    wide.headDimension = 16
    try wide.saveHuggingFaceConfiguration(folder: folder.path)
    #expect(sentence { _ = try ModelFolder.load(folder.path) }.contains("shape"))
    try AtomicFile.write("{", to: folder.path.appendingPath("config.json"))
    #expect(sentence { _ = try ModelFolder.load(folder.path) }.contains("config.json"))
  }
}
