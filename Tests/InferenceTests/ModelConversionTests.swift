import Formats
import Inference
import Models
import Tensors
import Testing
import Tokenization

/// Models from one format to another.
@Suite struct ModelConversionTests {
  /// A saved model with a chat template, and settings of generation that no model of ours writes.
  private func save(in folder: TemporaryFolder, padding: Int = 3) throws -> (path: String, language: LanguageModel) {
    let language = try Tiny.model(padding: padding)
    let path = folder.path.appendingPath("model")
    try ModelFolder.save(language.model, tokenizer: language.tokenizer, dtype: .float32, to: path)
    try AtomicFile.write("{{ messages }}", to: path.appendingPath("chat_template.jinja"))
    try AtomicFile.write(#"{"eos_token_id": [0, 7], "top_k": 3}"#, to: path.appendingPath("generation_config.json"))
    return (path, language)
  }

  @Test func aFolderBecomesAGGUFFile() throws {
    let folder = try TemporaryFolder()
    let (path, language) = try save(in: folder)
    let output = folder.path.appendingPath("small.gguf")
    let conversion = try ModelConversion(input: path, output: output, type: .float32)
    #expect(!Paths.exists(output))
    var last = (0, 0)
    try conversion.run { last = ($0, $1) }
    #expect(last.0 > 0 && last.0 <= last.1)
    #expect(conversion.files.map(\.name) == ["small.gguf"])
    #expect(try conversion.files.map(\.byteCount) == [Paths.size(ofFile: output)])

    let metadata = try GGUFFile(output).metadata
    #expect(metadata["general.name"] == .string("model"))
    let tokens = try #require(metadata["tokenizer.ggml.tokens"]?.stringsValue)
    #expect(tokens.count == language.configuration.vocabularySize)
    #expect(tokens[tokens.count - 1] == "[PAD\(tokens.count - 1)]")
    let kinds = try #require(metadata["tokenizer.ggml.token_type"]?.intsValue)
    #expect(kinds.suffix(3) == [5, 5, 5])
    let end = try #require(language.tokenizer.endOfText)
    #expect(kinds[Int(end)] == 3)
    #expect(metadata["tokenizer.ggml.eos_token_id"] == .uint32(end))
    #expect(metadata["tokenizer.ggml.pre"] == .string("dbrx"))
    #expect(metadata["tokenizer.chat_template"] == .string("{{ messages }}"))
    let merges = try #require(metadata["tokenizer.ggml.merges"]?.stringsValue)
    #expect(merges.count > 0)
    #expect(merges.strings.allSatisfy { merge in
      let parts = merge.split(separator: " ")
      return parts.count == 2 && tokens.strings.contains(parts.joined())
    })
    let copy = try StoredModel(output).load()
    #expect(copy.store.master.toFloats() == language.model.store.master.toFloats())
  }

  @Test func aGGUFFileBecomesAFolder() throws {
    let folder = try TemporaryFolder()
    let (path, language) = try save(in: folder, padding: 0)
    let file = folder.path.appendingPath("small.gguf")
    let output = folder.path.appendingPath("back")
    try ModelConversion(input: path, output: file, type: .float32).run()
    try ModelConversion(input: file, output: output, type: .float32).run()
    let (model, tokenizer) = try ModelFolder.load(output)
    #expect(model.store.master.toFloats() == language.model.store.master.toFloats())
    let text = "the river, the hill<|endoftext|> 123"
    #expect(tokenizer.encode(text) == language.tokenizer.encode(text))
    #expect(tokenizer.endOfText == language.tokenizer.endOfText)
    #expect(try MappedFile(output.appendingPath("chat_template.jinja")).withBytes { Array($0) } == Array("{{ messages }}".utf8))
    #expect(
      try JSON.parse(contentsOfFile: output.appendingPath("generation_config.json"))["eos_token_id"]
        == language.tokenizer.endOfText.map { .integer(Int64($0)) })
    // The file itself is a model too.
    let settings = SamplingSettings(temperature: 0, maxTokens: 12)
    let direct = try TextGenerator(LanguageModel(directory: ModelFolder.resolve(file), compute: .float32))
    #expect(try direct.generate("the hill", settings: settings) == TextGenerator(language).generate("the hill", settings: settings))
  }

  @Test func aGGUFFileBecomesAnother() throws {
    let folder = try TemporaryFolder()
    let (path, language) = try save(in: folder)
    let first = folder.path.appendingPath("first.gguf")
    let second = folder.path.appendingPath("second.gguf")
    try ModelConversion(input: path, output: first, type: .float32).run()
    try ModelConversion(input: first, output: second, type: .q8_0).run()
    let (old, new) = (try GGUFFile(first), try GGUFFile(second))
    for (key, value) in old.metadata where key != "general.file_type" { #expect(new.metadata[key] == value, "\(key)") }
    #expect(new.metadata["general.file_type"] == .uint32(7))
    #expect(new.tensors["blk.0.attn_q.weight"]?.type == .q8_0)
    // Rows of 48 are no whole number of blocks.
    #expect(new.tensors["blk.0.ffn_down.weight"]?.type == .float16)
    let values = try StoredModel(second).load().store.master.toFloats()
    let expected = language.model.store.master.toFloats()
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 0.01 })
  }

  @Test func aFolderBecomesShards() throws {
    let folder = try TemporaryFolder()
    let (path, language) = try save(in: folder)
    let output = folder.path.appendingPath("parts")
    let conversion = try ModelConversion(input: path, output: output, type: .float16, shardLimit: 12_000)
    try conversion.run()
    #expect(conversion.files.count > 2)
    let total = conversion.files.reduce(0) { $0 + $1.byteCount }
    #expect(total == language.model.store.count * 2)
    for (i, file) in conversion.files.enumerated() {
      #expect(file.name == "model-0000\(i + 1)-of-0000\(conversion.files.count).safetensors")
      let shard = try Safetensors(output.appendingPath(file.name))
      // Only a tensor that is too large by itself may exceed the limit.
      #expect(file.byteCount <= 12_000 || shard.entries.count == 1)
    }
    let index = try JSON.parse(contentsOfFile: output.appendingPath("model.safetensors.index.json"))
    #expect(index["metadata"]?["total_size"]?.intValue == total)
    #expect(index["weight_map"]?.objectValue?.count == language.model.store.parameters.count)
    for name in ["generation_config.json", "chat_template.jinja", "tokenizer.json"] {
      func bytes(_ folder: String) throws -> [UInt8] {
        try MappedFile(folder.appendingPath(name)).withBytes { Array($0) }
      }
      #expect(try bytes(output) == bytes(path), "\(name)")
    }
    #expect(try JSON.parse(contentsOfFile: output.appendingPath("config.json"))["torch_dtype"] == "float16")
    let loaded = try ModelFolder.load(output).model.store.master.toFloats()
    #expect(loaded == language.model.store.master.toFloats().map { Float(Float16($0)) })
    // Saving over it leaves no shard that would be taken for the model.
    try ModelFolder.save(language.model, tokenizer: language.tokenizer, dtype: .float32, to: output)
    #expect(try Paths.names(inFolder: output).filter { $0.hasPrefix("model") } == ["model.safetensors"])
    #expect(try ModelFolder.load(output).model.store.master.toFloats() == language.model.store.master.toFloats())
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    let folder = try TemporaryFolder()
    let (path, _) = try save(in: folder)
    let file = folder.path.appendingPath("m.gguf")
    let parts = folder.path.appendingPath("parts")
    for output in [file, parts] {
      let conversion = try ModelConversion(input: path, output: output)
      try conversion.run()
      #expect(sentence { try conversion.run() }.contains("stands there already"))
      try conversion.run(replacing: true)
    }
    try AtomicFile.write("mine", to: parts.appendingPath("notes.txt"))
    #expect(
      sentence { try ModelConversion(input: path, output: parts).run(replacing: true) }
        .contains("holds other files such as notes.txt"))
    #expect(Paths.exists(parts.appendingPath("notes.txt")))
    #expect(
      sentence { try ModelConversion(input: path, output: path).run(replacing: true) }.contains("is the input too"))
    try Paths.createFolder(folder.path.appendingPath("odd.gguf"))
    #expect(
      sentence { try ModelConversion(input: path, output: folder.path.appendingPath("odd.gguf")).run() }
        .contains("is a folder"))
    #expect(
      try Paths.names(inFolder: folder.path) == ["m.gguf", "model", "odd.gguf", "parts"], "nothing partial stays")
  }

  @Test func impossibleTypesAreRefused() throws {
    let folder = try TemporaryFolder()
    let (path, language) = try save(in: folder)
    let output = folder.path.appendingPath("out")
    #expect(
      sentence { _ = try ModelConversion(input: path, output: output, type: .q8_0) }.contains("cannot be q8_0"))
    language.model.store.parameters[1].master.floats[3] = 1e6
    try ModelFolder.save(language.model, tokenizer: language.tokenizer, dtype: .float32, to: path)
    #expect(
      sentence { try ModelConversion(input: path, output: output, type: .float16).run() }
        .contains("has values that F16 cannot hold"))
    #expect(!Paths.exists(output))
    #expect(sentence { _ = try ModelConversion(input: "nowhere", output: output) }.contains("does not exist"))
  }
}
