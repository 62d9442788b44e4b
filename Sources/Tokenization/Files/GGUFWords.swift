import Formats

/// How the names in `tokenizer.ggml.pre` cut text, as the models' own `tokenizer.json` say it.
enum GGUFWords {
  private static let table: [(names: [String], steps: JSON)] = [
    (
      ["default", "gpt-2", "mpt", "olmo", "phi-2", "jais", "gigachat", "trillion", "roberta-bpe"],
      PreTokenizer.gpt2.json
    ),
    (
      ["smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"],
      PreTokenizer.smolLM2.json
    ),
    (
      [
        "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2", "dbrx", "smaug-bpe", "glm4",
        "chatglm-bpe",
      ],
      PreTokenizer.llama3.json
    ),
    (["qwen2", "deepseek-r1-qwen", "stablelm2", "hunyuan", "megrez"], PreTokenizer.qwen2.json),
    (["qwen35"], PreTokenizer.qwen35.json), (["gpt-4o", "llama4"], PreTokenizer.o200k.json),
    (["tekken"], PreTokenizer.tekken.json), (["falcon"], falcon), (["deepseek-llm"], deepSeekLLM),
    (["deepseek-coder"], deepSeekCoder), (["deepseek-v3"], deepSeek3),
  ]

  /// All names that are known.
  static var names: [String] { table.flatMap(\.names) }
  /// Those that bring text to NFC first.
  static let composed: Set<String> = ["qwen2", "deepseek-r1-qwen", "olmo", "mpt", "command-r"]
  /// Those that take a word for the token that it is.
  static let ignoreMerges: Set<String> = [
    "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2", "tekken", "gpt-4o", "llama4",
  ]
  /// Those that begin a text with a token unless the file says otherwise.
  static let addBeginning: Set<String> = ["llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2", "tekken"]

  /// `pre_tokenizer` of a name.
  static func preTokenizer(named name: String) -> JSON? { table.first { $0.names.contains(name) }?.steps }

  private static func split(_ expression: String) -> JSON {
    ["type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated", "invert": false]
  }

  private static func sequence(_ steps: [JSON]) -> JSON { ["type": "Sequence", "pretokenizers": .array(steps)] }

  private static let digits: JSON = ["type": "Digits", "individual_digits": true]
  private static let bytes = TokenizerMetadata.byteLevel(useRegex: false)

  private static let falcon = sequence([
    ["type": "Punctuation", "behavior": "Contiguous"], TokenizerMetadata.byteLevel(useRegex: true),
    ["type": "Digits", "individual_digits": false], split("[0-9][0-9][0-9]"),
  ])

  /// DeepSeek LLM's letters of alphabets with two cases.
  private static let letters =
    "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝ"
    + "Ὗ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ"
    + "-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"

  private static let deepSeekLLM = sequence([
    split(#"[\r\n]"#), split(#"\s?["# + letters + "]+"), split(#"\s?[!-/:-~！-／：-～‘-‟\x{3000}-。]+"#), split(#"\s+$"#),
    split(#"[一-龥ࠀ-一가-\x{d7ff}]+"#), ["type": "Digits", "individual_digits": true], bytes,
  ])

  private static let deepSeekCoder = sequence([
    split(#"[\r\n]"#), split(#"\s?\p{L}+"#), split(#"\s?\p{P}+"#), split(#"[一-龥ࠀ-一가-\x{d7ff}]+"#), digits, bytes,
  ])

  private static let deepSeek3 = sequence([
    split(#"\p{N}{1,3}"#), split("[一-龥぀-ゟ゠-ヿ]+"),
    split(
      ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"##
        + #"\s*[\r\n]+|\s+(?!\S)|\s+"#), bytes,
  ])
}
