import Formats
import Testing
import Tokenization

@Suite("Vocabularies in other files")
struct VocabularyFileTests {
  private static let kinds = ["bpe", "unigram", "suffix"]

  @Test("SentencePiece models give the library's ids and texts", arguments: kinds)
  func sentencePiece(kind: String) throws {
    let golden = try Golden.json("sentencepiece/ids.json")
    let tokenizer = try Tokenizer(directory: Golden.path("sentencepiece/\(kind).model"))
    let texts = Golden.strings(golden["texts"])
    let expected = Golden.ids(golden["ids"]?[kind])
    #expect(texts.count == expected.count && texts.count > 60)
    #expect(tokenizer.beginningOfText == 1 && tokenizer.endOfText == 2)
    for (text, ids) in zip(texts, expected) {
      #expect(tokenizer.encode(text) == ids, "\(kind): \(text.debugDescription)")
    }
  }

  @Test("SentencePiece BPE is the same after saving as tokenizer.json, and decodes")
  func savedSentencePiece() throws {
    let golden = try Golden.json("sentencepiece/ids.json")
    let tokenizer = try Tokenizer(directory: Golden.path("sentencepiece/bpe.model"))
    try Golden.withFolder { folder in
      try tokenizer.save(directory: folder)
      let again = try Tokenizer(directory: folder)
      for text in Golden.strings(golden["texts"]) {
        // What stands around the user's symbols is a text of its own in tokenizer.json.
        let scalars = Array(text.unicodeScalars)
        guard !["<tool>", "cat", "\u{2581}"].contains(where: { scalars.contains($0.unicodeScalars) }) else { continue }
        let ids = tokenizer.encode(text)
        #expect(again.encode(text) == ids, "\(text.debugDescription)")
        #expect(again.text(ids) == tokenizer.text(ids))
        #expect(tokenizer.text(ids) == text, "\(text.debugDescription)")
      }
      #expect(again.addingTemplate(to: [7]) == [1, 7])
    }
  }

  @Test("damaged SentencePiece models are refused or load, and never crash", arguments: kinds)
  func mutated(kind: String) throws {
    let good = try Golden.bytes("sentencepiece/\(kind).model")
    var generator = SeededGenerator(state: 4)
    try Golden.withFolder { folder in
      for _ in 0..<60 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
        try AtomicFile.write(bytes, to: folder.appendingPath("tokenizer.model"))
        if let tokenizer = try? Tokenizer(directory: folder) {
          _ = tokenizer.decode(tokenizer.encode("The cat's 12 <tool> été 字\n"))
        }
      }
    }
  }

  @Test("GPT-2's two files and tekken.json")
  func others() throws {
    let file = try Golden.json("gpt2.json")
    let reference = try Golden.tokenizer("gpt2")
    let texts = Golden.strings(try Golden.json("texts.json")["texts"])
    try Golden.withFolder { folder in
      let vocabulary = try #require(file["model"]?["vocab"])
      let merges = Golden.strings(try Golden.json("old.json")["model"]?["merges"])
      try AtomicFile.write(vocabulary.serialized(), to: folder.appendingPath("vocab.json"))
      try AtomicFile.write("#version: 0.2\n" + merges.joined(separator: "\n"), to: folder.appendingPath("merges.txt"))
      let tokenizer = try Tokenizer(directory: folder)
      #expect(tokenizer.endOfText == 0)
      for text in texts { #expect(tokenizer.encode(text) == reference.encode(text)) }
    }
    try Golden.withFolder { folder in
      let entries = (0..<258).map { rank -> String in
        let token = rank < 256 ? [UInt8(rank)] : rank == 256 ? Array("ab".utf8) : Array("Ab".utf8)
        return "{\"rank\":\(rank),\"token_bytes\":\"\(base64(token))\",\"token_str\":null}"
      }
      let text = """
        {"config":{"pattern":"\\\\p{Lu}?\\\\p{Ll}+|\\\\P{L}","default_vocab_size":265,"default_num_special_tokens":7},
        "vocab":[\(entries.joined(separator: ","))],"special_tokens":[{"rank":0,"token_str":"<unk>"},
        {"rank":1,"token_str":"<s>"},{"rank":2,"token_str":"</s>"}]}
        """
      try AtomicFile.write(text, to: folder.appendingPath("tekken.json"))
      let tokenizer = try Tokenizer(directory: folder)
      #expect(tokenizer.vocabularySize == 265 && tokenizer.endOfText == 2)
      #expect(tokenizer.encode("abAbA") == [263, 264, 72])
      #expect(tokenizer.encode("<s>a<SPECIAL_6>", specialTokens: .recognised) == [1, 104, 6])
    }
  }

  @Test("GGUF files carry byte-level vocabularies", arguments: ["gpt2", "llama3", "qwen2", "smollm2"])
  func gguf(kind: String) throws {
    let reference = try Golden.tokenizer(kind)
    try Golden.withFolder { folder in
      let path = folder.appendingPath("model.gguf")
      let metadata = try reference.ggufMetadata(vocabularySize: reference.vocabularySize, name: kind)
      try GGUFWriter(path, metadata: metadata, tensors: []).commit()
      let tokenizer = try Tokenizer(directory: path)
      for text in Golden.strings(try Golden.json("texts.json")["texts"])
      where kind != "qwen2" || text.allSatisfy(\.isASCII) {
        #expect(
          tokenizer.encode(text, specialTokens: .recognised) == reference.encode(text, specialTokens: .recognised))
      }
    }
  }

  private func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bits = bytes.reduce(0) { $0 << 8 | Int($1) } << (bytes.count == 1 ? 4 : 2)
    let count = bytes.count + 1
    return String((0..<count).map { digits[bits >> (6 * (count - 1 - $0)) & 63] })
  }
}
