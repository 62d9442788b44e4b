import Formats
import Foundation
import Testing
import Tokenization

@Suite("Tokenizer files")
struct FileTests {
  @Test("saved and loaded again are the same", arguments: ["gpt2", "llama3", "qwen2", "smollm2", "old", "added"])
  func roundTrip(kind: String) throws {
    let tokenizer = try Golden.tokenizer(kind)
    try Golden.withFolder { folder in
      try tokenizer.save(directory: folder.appendingPath("a/b"))
      let again = try Tokenizer(directory: folder.appendingPath("a/b"))
      #expect(again.tokenizerJSON() == tokenizer.tokenizerJSON())
      #expect(again.endOfText == tokenizer.endOfText)
      for text in Golden.strings(try Golden.json("texts.json")["texts"]) {
        #expect(again.encode(text, specialTokens: .recognised) == tokenizer.encode(text, specialTokens: .recognised))
      }
    }
    // Apart from the order of members the peer's file says the same.
    let ours = try JSON.parse(tokenizer.tokenizerJSON(), name: "ours")
    let theirs = try Golden.json("\(kind == "old" ? "gpt2" : kind).json")
    for key in ["added_tokens", "pre_tokenizer", "post_processor", "normalizer"] {
      #expect(ours[key] == theirs[key], "\(kind) \(key)")
    }
    #expect(ours["model"]?["merges"] == theirs["model"]?["merges"])
  }

  @Test("know special tokens, templates and names")
  func roles() throws {
    let tokenizer = try Golden.tokenizer("added")
    let end = try #require(tokenizer.endOfText)
    #expect(tokenizer.isSpecial(end))
    #expect(tokenizer.token(for: end) == Array("<|endoftext|>".utf8))
    #expect(tokenizer.addingTemplate(to: [7]) == [1, 7, 0])
    #expect(tokenizer.id(for: "cat") == tokenizer.addedTokens.first { $0.content == "cat" }?.id)
    #expect(tokenizer.token(for: 1_000_000) == nil)
    #expect(tokenizer.decode([1_000_000, 4_294_967_295]) == [])
    #expect(tokenizer.text([0], skippingSpecialTokens: true) == "")
    #expect(!tokenizer.isSpecial(300))
  }

  @Test("keep what the configuration says and find the end of text there")
  func companions() throws {
    try Golden.withFolder { folder in
      try AtomicFile.write(try Golden.bytes("llama3.json"), to: folder.appendingPath("tokenizer.json"))
      let configuration = #"{"eos_token":{"content":"<|pad|>"},"bos_token":"<|endoftext|>","mine":[1,{"a":null}]}"#
      try AtomicFile.write(configuration, to: folder.appendingPath("tokenizer_config.json"))
      try AtomicFile.write("{{ messages }}", to: folder.appendingPath("chat_template.jinja"))
      let tokenizer = try Tokenizer(directory: folder)
      #expect(tokenizer.endOfText == 1)
      #expect(tokenizer.beginningOfText == 0)
      let copy = folder.appendingPath("copy")
      try tokenizer.save(directory: copy)
      let saved = try JSON.parse(contentsOfFile: copy.appendingPath("tokenizer_config.json"))
      #expect(saved["mine"] == [1, ["a": nil]])
      let template = try MappedFile(copy.appendingPath("chat_template.jinja")).withBytes { Array($0) }
      #expect(template == Array("{{ messages }}".utf8))
    }
  }

  @Test("that need what is not supported are refused by name")
  func refused() throws {
    let changes: [(String, (inout JSON) -> Void)] = [
      ("BertNormalizer", { $0["normalizer"] = ["type": "BertNormalizer"] }),
      ("Replace", { $0["normalizer"] = ["type": "Replace", "content": "x"] }),
      ("no \")\"", { $0["normalizer"] = ["type": "Replace", "pattern": ["Regex": "(a"], "content": "x"] }),
      ("charsmap", { $0["normalizer"] = ["type": "Precompiled", "precompiled_charsmap": "AAAA"] }),
      ("BertPreTokenizer", { $0["pre_tokenizer"] = ["type": "BertPreTokenizer"] }),
      ("behavior", { $0["pre_tokenizer"] = ["type": "Split", "pattern": ["String": "a"], "behavior": "x"] }),
      ("\\1", { $0["pre_tokenizer"] = ["type": "Split", "pattern": ["Regex": #"(a)\1"#], "behavior": "Isolated"] }),
      ("prepend_scheme", { $0["pre_tokenizer"] = ["type": "Metaspace", "prepend_scheme": "sometimes"] }),
      ("WordPiece", { $0["decoder"] = ["type": "WordPiece"] }),
      ("WordLevel", { $0["model"]?["type"] = "WordLevel" }),
      ("'['", { $0["model"]?["type"] = "Unigram" }),
      ("unk_id", { $0["model"] = ["type": "Unigram", "vocab": [["a", -1]]] }),
      ("dropout", { $0["model"]?["dropout"] = 0.1 }),
      ("vocab", { $0["model"]?["vocab"] = nil }),
      ("merges", { $0["model"]?["merges"] = nil }),
      ("vocab", { $0["model"] = nil }),
      ("too large", { $0["model"]?["vocab"]?["!"] = 4_000_000_000 }),
      ("whole number", { $0["model"]?["vocab"]?["!"] = "x" }),
      ("have the number 3", { $0["model"]?["vocab"]?["!"] = 3 }),
      ("two tokens", { $0["model"]?["merges"] = ["a b c"] }),
      ("needs both", { $0["model"]?["merges"] = [["zq", "qz"]] }),
      ("id", { $0["added_tokens"] = [["content": "x"]] }),
      ("content", { $0["added_tokens"] = [["id": 3]] }),
      ("number 3", { $0["added_tokens"] = [["id": 3, "content": "x1"], ["id": 3, "content": "x2"]] }),
      ("unk_token", { $0["model"]?["unk_token"] = "nowhere" }),
      ("BertProcessing", { $0["post_processor"] = ["type": "BertProcessing"] }),
    ]
    let good = try Golden.json("gpt2.json")
    for (word, change) in changes {
      var value = good
      change(&value)
      #expect(value != good)
      let error = #expect(throws: (any Error).self) {
        try value.serialized().withUnsafeBufferPointer { try Tokenizer(json: $0) }
      }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains(word), "\(word): \(text)")
      #expect(!text.contains("\n"))
    }
    #expect(throws: (any Error).self) { try Tokenizer(directory: "/nonexistent/folder") }
    try Golden.withFolder { folder in
      #expect(throws: (any Error).self) { try Tokenizer(directory: folder) }
      for text in ["", "{", "[]", "null", "{}", "{\"model\": {\"vocab\": {\"a\": 0}, \"merges\": []}} x"] {
        try AtomicFile.write(text, to: folder.appendingPath("tokenizer.json"))
        #expect(throws: (any Error).self) { try Tokenizer(directory: folder) }
      }
    }
  }

  @Test(
    "damaged at random are refused or load, and never crash",
    arguments: ["gpt2.json", "added.json", "ranks.model"])
  func mutated(file: String) throws {
    let good = try Golden.bytes(file)
    var generator = SeededGenerator(state: 11)
    let marks = Array("{}[],:\"\\0919-eu \n\u{00}".utf8) + [0xff, 0xc3, 0xf0]
    for _ in 0..<400 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] = marks.randomElement(using: &generator) ?? 0
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
        case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
        default: bytes.removeSubrange(place...)
        }
        if bytes.isEmpty { bytes = [0x7b] }
      }
      let tokenizer = bytes.withUnsafeBufferPointer { buffer in
        file.hasSuffix("json") ? try? Tokenizer(json: buffer) : try? Tokenizer(ranks: buffer, name: file)
      }
      if let tokenizer {
        // What loads must work, though not all bytes need have a token any more.
        let ids = tokenizer.encode("The cat's 12 <tool> <|endoftext|> été\n", specialTokens: .recognised)
        _ = tokenizer.decode(ids)
        _ = tokenizer.tokenizerJSON()
      }
    }
    let deep = Array(("{\"model\": " + String(repeating: "[", count: 100_000)).utf8)
    #expect(throws: (any Error).self) { try deep.withUnsafeBufferPointer { try Tokenizer(json: $0) } }
    let deepRest = Array(("{\"x\": " + String(repeating: "[", count: 100_000)).utf8)
    #expect(throws: (any Error).self) { try deepRest.withUnsafeBufferPointer { try Tokenizer(json: $0) } }
  }

  @Test("with a byte missing lose that byte as the peer does, or give the unknown token")
  func missingByte() throws {
    func load(_ extra: String) throws -> Tokenizer {
      let text = """
        {"added_tokens": [], "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "model": {\(extra)
        "vocab": {"a": 0, "b": 1, "ab": 2, "?": 3}, "merges": ["a b"]}}
        """
      return try Array(text.utf8).withUnsafeBufferPointer { try Tokenizer(json: $0) }
    }
    let silent = try load("")
    #expect(silent.missingBytes.count == 253)
    #expect(silent.encode("axbxxab") == [2, 2])
    let unknown = try load("\"unk_token\": \"?\",")
    #expect(unknown.encode("axbxxab") == [0, 3, 1, 3, 3, 2])
    let fused = try load("\"unk_token\": \"?\", \"fuse_unk\": true,")
    #expect(fused.encode("axbxxab") == [0, 3, 1, 3, 2])
  }
}
