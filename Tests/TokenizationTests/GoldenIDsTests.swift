import Formats
import Testing
import Tokenization

@Suite("Tokens equal those of tokenizers and tiktoken")
struct GoldenIDsTests {
  @Test("with special tokens recognised", arguments: ["gpt2", "llama3", "qwen2", "smollm2", "old", "added"])
  func recognised(kind: String) throws {
    try compare(kind, try Golden.tokenizer(kind), key: "ids", .recognised)
  }

  @Test("with special tokens as text", arguments: ["llama3", "added"])
  func asText(kind: String) throws {
    try compare(kind, try Golden.tokenizer(kind), key: "idsAsText", .asText)
  }

  @Test("from a file of ranks, and after saving as tokenizer.json")
  func ranks() throws {
    let tokenizer = try Golden.bytes("ranks.model").withUnsafeBufferPointer {
      try Tokenizer(ranks: $0, name: "ranks.model", specialTokens: ["<|endoftext|>"], endOfText: "<|endoftext|>")
    }
    #expect(tokenizer.vocabularySize == 599)
    #expect(tokenizer.endOfText == 598)
    try compare("ranks", tokenizer, key: "idsAsText", .asText)
    try Golden.withFolder { folder in
      try tokenizer.save(directory: folder)
      try compare("ranks", try Tokenizer(directory: folder), key: "idsAsText", .asText)
    }
  }

  private func compare(
    _ kind: String, _ tokenizer: Tokenizer, key: String, _ specialTokens: SpecialTokenHandling
  ) throws {
    let golden = try Golden.json("texts.json")
    let texts = Golden.strings(golden["texts"])
    let expected = Golden.ids(golden[key]?[kind])
    #expect(texts.count == expected.count)
    #expect(texts.count > 50)
    let encoder = Encoder(tokenizer)
    for (text, ids) in zip(texts, expected) {
      #expect(tokenizer.encode(text, specialTokens: specialTokens) == ids, "\(kind): \(text.debugDescription)")
      // The same from memory that ends with the text, so that nothing after it is read, and from a warm cache.
      var again: [UInt32] = []
      let exact = Array(text.utf8)
      exact.withUnsafeBufferPointer { encoder.encode($0, specialTokens: specialTokens, into: &again) }
      #expect(again == ids)
    }
  }
}

@Suite("Scalar properties")
struct ScalarPropertiesTests {
  private static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
    "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Co", "Cs",
  ]

  @Test("agree with the peer for every code point")
  func everyCodePoint() throws {
    let golden = try Golden.json("categories.json")
    var counts = [Int](repeating: 0, count: 30)
    var crc = UInt32.max
    var whitespace: [Int] = []
    for value in UInt32(0)..<0x110000 {
      let properties = Unicode.Scalar(value).map { ScalarProperties($0) }
      let category = properties?.category ?? .surrogate
      counts[Int(category.rawValue)] += 1
      if properties?.isWhitespace == true { whitespace.append(Int(value)) }
      crc ^= UInt32(category.rawValue)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
      if let properties {
        let name = Self.names[Int(category.rawValue)]
        #expect(properties.isLetter == name.hasPrefix("L"))
        #expect(properties.isMark == name.hasPrefix("M"))
        #expect(properties.isNumber == name.hasPrefix("N"))
      }
    }
    for (index, name) in Self.names.enumerated() {
      #expect(golden["counts"]?[name]?.intValue == counts[index], "\(name)")
    }
    #expect(golden["crc32"]?.intValue == Int(~crc))
    #expect(golden["whitespace"]?.arrayValue?.compactMap(\.intValue) == whitespace)
  }

  @Test("know the edition: Unicode 16.0 for categories, 17.0 for what Digits splits at")
  func edition() {
    #expect(ScalarProperties("\u{1C89}").category == .uppercaseLetter)
    #expect(ScalarProperties("\u{10D40}").isNumber)
    #expect(ScalarProperties("\u{16EA0}").category == .unassigned)
    #expect(!ScalarProperties("\u{11DE0}").isNumber && ScalarProperties("\u{11DE0}").isNumeric)
    #expect(ScalarProperties("_").isWord && !ScalarProperties("-").isWord)
  }
}
