import Formats
import Foundation
import Testing
import Tokenization

/// What is written into a GGUF file of a tokenizer.
@Suite struct GGUFMetadataTests {
  @Test(arguments: [("gpt2", "gpt-2"), ("llama3", "dbrx"), ("qwen2", "qwen2"), ("smollm2", "smollm")])
  func byteLevelVocabularies(_ kind: String, _ name: String) throws {
    let tokenizer = try Golden.tokenizer(kind)
    let size = tokenizer.vocabularySize + 2
    let values = try tokenizer.ggufMetadata(vocabularySize: size, name: kind)
    #expect(values["tokenizer.ggml.model"] == .string("gpt2"))
    #expect(values["tokenizer.ggml.pre"] == .string(name))
    let document = try Golden.json("\(kind).json")
    let tokens = try #require(values["tokenizer.ggml.tokens"]?.stringsValue).strings
    #expect(tokens.count == size)
    let vocabulary = try #require(document["model"]?["vocab"]?.objectValue)
    for (token, id) in vocabulary { #expect(tokens[id.intValue ?? 0] == token) }
    #expect(tokens.suffix(2) == ["[PAD\(size - 2)]", "[PAD\(size - 1)]"])
    let kinds = try #require(values["tokenizer.ggml.token_type"]?.intsValue)
    for (id, kind) in kinds.enumerated() {
      let added = tokenizer.addedTokens.first { Int($0.id) == id }
      #expect(kind == (id >= size - 2 ? 5 : added.map { $0.isSpecial ? 3 : 4 } ?? 1))
    }
    let merges = try #require(values["tokenizer.ggml.merges"]?.stringsValue).strings
    #expect(merges.count == document["model"]?["merges"]?.arrayValue?.count)
    #expect(merges.allSatisfy { tokens.contains($0.replacing(" ", with: "")) })
  }

  /// A vocabulary as sentencepiece makes it, in Hugging Face's form.
  private func characterVocabulary(prepends: Bool) throws -> Tokenizer {
    var tokens = ["<unk>", "<s>", "</s>"] + (0...255).map { String(format: "<0x%02X>", $0) }
    tokens += ["\u{2581}", "a", "b", "ab", "\u{2581}ab"]
    var vocabulary: JSON = .object([:])
    for (id, token) in tokens.enumerated() { vocabulary[token] = .integer(Int64(id)) }
    let replace: JSON = ["type": "Replace", "pattern": ["String": " "], "content": "\u{2581}"]
    let prepend: JSON = ["type": "Prepend", "prepend": "\u{2581}"]
    let added: [JSON] = ["<unk>", "<s>", "</s>"].enumerated().map { id, token in
      [
        "id": .integer(Int64(id)), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": true,
      ]
    }
    let document: JSON = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": ["type": "Sequence", "normalizers": .array(prepends ? [prepend, replace] : [replace])],
      "pre_tokenizer": .null, "post_processor": .null,
      "decoder": [
        "type": "Sequence",
        "decoders": [
          ["type": "Replace", "pattern": ["String": "\u{2581}"], "content": " "], ["type": "ByteFallback"],
          ["type": "Fuse"],
        ],
      ],
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": "<unk>", "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
        "vocab": vocabulary, "merges": [["a", "b"], ["\u{2581}", "ab"]],
      ],
    ]
    return try Golden.withFolder { folder in
      try AtomicFile.write(document.serializedString(), to: folder.appendingPath("tokenizer.json"))
      return try Tokenizer(directory: folder)
    }
  }

  @Test(arguments: [false, true]) func characterVocabularies(prepends: Bool) throws {
    let tokenizer = try characterVocabulary(prepends: prepends)
    let values = try tokenizer.ggufMetadata(vocabularySize: tokenizer.vocabularySize, name: "t")
    #expect(values["tokenizer.ggml.model"] == .string("llama"))
    #expect(values["tokenizer.ggml.add_space_prefix"] == .bool(prepends))
    #expect(values["tokenizer.ggml.merges"] == nil)
    let kinds = try #require(values["tokenizer.ggml.token_type"]?.intsValue)
    #expect(kinds == [2, 3, 3] + [Int](repeating: 6, count: 256) + [1, 1, 1, 1, 1])
    let scores = try #require(values["tokenizer.ggml.scores"]?.floatsValue)
    #expect(scores.suffix(2) == [0, -1], "what is merged first has the better score")
  }
}
