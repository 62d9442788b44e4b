import Formats
import Tokenization

/// Tokenizers in their several formats, and the expressions in them.
let tokenizerParsers: [ParserCase] = [
  ParserCase(name: "sentencepiece", made: SeedTokenizers.sentencePiece, words: ["▁", "<0x00>", "<unk>", "nmt_nfkc"]) {
    try check(Tokenizer(sentencePiece: $0, name: "input"))
  },
  ParserCase(
    name: "tekken", made: SeedTokenizers.tekken,
    words: [
      #""config""#, #""vocab""#, #""special_tokens""#, #""rank""#, #""token_bytes""#, #""token_str""#, #""pattern""#,
      #""num_vocab_tokens""#, #""default_vocab_size""#, #""default_num_special_tokens""#, #""version""#, #""v11""#,
      #""is_control""#, "AAA=", #"\\p{Lu}"#,
    ]
  ) { try check(Tokenizer(tekken: $0, name: "input")) },
  ParserCase(
    name: "pattern", texts: SeedTokenizers.patterns,
    words: [
      #"\p{L}"#, #"\p{^Lu}"#, #"\P{N}"#, #"\p{Han}"#, #"\s"#, #"\S"#, #"\d"#, #"\w"#, #"\b"#, #"\x{10FFFF}"#,
      #"\u1234"#, "(?i:", "(?=",
      "(?!", "(?<=", "(?<!", "(?:", "(?>", "[^", "[[:alpha:]]", "&&", "{1,3}", "{2}+", "*+", "++", "?+", "*?", "|", "$",
      "^",
    ]
  ) { bytes in
    // The expression, then the text that is cut by it.
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard let expression = parts.first.flatMap({ String(validating: $0, as: UTF8.self) }) else { return }
    let text = parts.count > 1 ? Array(parts[1].prefix(2000)) : Array(sampleText.utf8)
    let document: JSON = [
      "version": "1.0", "added_tokens": [], "normalizer": .null, "post_processor": .null,
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [
          ["type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated", "invert": false],
          ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false],
        ],
      ],
      "decoder": ["type": "ByteLevel"],
      "model": ["type": "BPE", "vocab": SeedTokenizers.bytes, "merges": []],
    ]
    let tokenizer = try document.serialized().withUnsafeBufferPointer { try Tokenizer(json: $0) }
    guard String(validating: text, as: UTF8.self) == nil || tokenizer.decode(tokenizer.encode(text)) == text else {
      throw Contradiction("an expression loses text")
    }
  },
  ParserCase(
    name: "tokenizer", seeds: [("Tests/TokenizationTests/Golden", ".json")],
    words: [
      #""type""#, #""Sequence""#, #""Split""#, #""Regex""#, #""String""#, #""ByteLevel""#, #""BPE""#, #""Unigram""#,
      #""Metaspace""#,
      #""Precompiled""#, #""precompiled_charsmap""#, #""Replace""#, #""Prepend""#, #""NFKC""#, #""ByteFallback""#,
      #""Fuse""#, #""Strip""#, #""TemplateProcessing""#, #""Digits""#, #""Punctuation""#, #""added_tokens""#,
      #""vocab""#, #""merges""#, #""unk_id""#, #""behavior""#, #""MergedWithPrevious""#,
    ]
  ) { try check(Tokenizer(json: $0)) },
  ParserCase(name: "ranks", seeds: [("Tests/TokenizationTests/Golden/ranks.model", "")]) {
    try check(Tokenizer(ranks: $0, name: "input"))
  },
  .folder(
    "gpt2", files: ["vocab.json", "merges.txt", "tokenizer_config.json"], made: SeedTokenizers.gpt2,
    words: ["#version: 0.2\n", "Ġ", "<|endoftext|>", #""eos_token""#, #""added_tokens_decoder""#, #""chat_template""#]
  ) { try check(Tokenizer(directory: $0)) },
]

/// Uses a tokenizer on a text, and writes it in every format.
private func check(_ tokenizer: Tokenizer) throws {
  _ = tokenizer.decode(tokenizer.encode(sampleText))
  _ = tokenizer.addingTemplate(to: [0])
  var stream = tokenizer.decodeStream()
  for id in 0..<UInt32(min(tokenizer.vocabularySize, 500)) { _ = stream.append(id) }
  _ = try? tokenizer.ggufMetadata(vocabularySize: tokenizer.vocabularySize, name: "input")
}

/// Tokenizers to begin from.
private enum SeedTokenizers {
  private static let golden = "Tests/TokenizationTests/Golden"

  /// The models that sentencepiece trained; the largest one's table of characters is more than the fuzzer takes.
  @Sendable static func sentencePiece() throws -> [[UInt8]] {
    try ["bpe", "suffix", "unigram"].map { name in
      Array(try MappedFile("\(golden)/sentencepiece/\(name).model").withBytes { Array($0) }.prefix(1 << 16))
    }
  }

  /// A vocabulary of bytes, in the older and the newer form.
  @Sendable static func tekken() throws -> [[UInt8]] {
    func base64(_ byte: Int) -> String {
      let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
      return String([letters[byte >> 2], letters[byte & 3 << 4], "=", "="])
    }
    let vocabulary = JSON.array(
      (0..<256).map { ["rank": .integer(Int64($0)), "token_bytes": .string(base64($0)), "token_str": .null] })
    func configuration(_ version: String, specials: Int) -> JSON {
      [
        "pattern": #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
        "num_vocab_tokens": 256, "default_vocab_size": .integer(Int64(256 + specials)),
        "default_num_special_tokens": .integer(Int64(specials)), "version": .string(version),
      ]
    }
    let specials: JSON = [
      ["rank": 0, "token_str": "<unk>", "is_control": true], ["rank": 1, "token_str": "<s>", "is_control": true],
      ["rank": 2, "token_str": "</s>", "is_control": true],
    ]
    let older: JSON = ["config": configuration("v3", specials: 20), "vocab": vocabulary]
    let newer: JSON = ["config": configuration("v11", specials: 3), "vocab": vocabulary, "special_tokens": specials]
    return [older.serialized(), newer.serialized()]
  }

  /// The two files of GPT-2's layout and a configuration.
  @Sendable static func gpt2() throws -> [[UInt8]] {
    let model = try JSON.parse(contentsOfFile: "\(golden)/gpt2.json")["model"] ?? .null
    let merges = (model["merges"]?.arrayValue ?? []).prefix(60).map { merge in
      merge.stringValue ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
    }
    let text = "#version: 0.2\n\(merges.joined(separator: "\n"))\n"
    let configuration: JSON = ["eos_token": "<|endoftext|>", "model_max_length": 1024]
    return [
      (model["vocab"] ?? .null).serialized() + [ParserCase.separator] + Array(text.utf8) + [ParserCase.separator]
        + configuration.serialized()
    ]
  }

  /// One token a byte, in GPT-2's letters for bytes.
  static let bytes: JSON = {
    var vocabulary: JSON = .object([:])
    var other: UInt32 = 256
    for byte in UInt32(0)..<256 {
      let isPlain = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
      let scalar = Unicode.Scalar(isPlain ? byte : other) ?? " "
      if !isPlain { other += 1 }
      vocabulary[String(scalar)] = .integer(Int64(byte))
    }
    return vocabulary
  }()

  static let patterns = [
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#,
    #"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#,
    "[一-龥぀-ゟ゠-ヿ]+\u{0}漢字 kana",
    #"(?<=a)b|(?<!c)d(?>e*)f{2,5}?|[[:alpha:]&&[^x]]+|\x41\u0042\x{43}"# + "\u{0}abdeefff",
    #"(a*)*b|(?:a|aa)+$"# + "\u{0}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ]
}
