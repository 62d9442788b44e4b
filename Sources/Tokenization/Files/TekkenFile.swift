import Formats

/// Mistral's `tekken.json`: `config` with the expression and the sizes, `vocab` with ranks and bytes in base64, and in
/// newer files `special_tokens`. Special tokens have the lowest numbers, ranks follow them.
enum TekkenFile {
  /// Whether the first member is the one that these files begin with.
  static func looksLikeOne(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var cursor = JSONCursor(bytes, name: "")
    var key: [UInt8] = []
    guard cursor.take(UInt8(ascii: "{")), (try? cursor.takeString(&key)) != nil else { return false }
    return key.elementsEqual("config".utf8)
  }

  /// The special tokens of files that name none (before version 11).
  static let olderSpecialTokens = [
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
  ]

  /// The bytes of the tokens at their ranks, as many as count.
  static func tokens(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, limit: Int, name: String
  ) throws(TokenizerError) -> [ArraySlice<UInt8>] {
    var storage: [UInt8] = []
    storage.reserveCapacity(limit * 8)
    var tokens = [ArraySlice<UInt8>](repeating: [], count: limit)
    var places = [Range<Int>](repeating: 0..<0, count: limit)
    var key: [UInt8] = []
    var text: [UInt8] = []
    var cursor = JSONCursor(bytes, name: name, at: range.lowerBound)
    try cursor.forEachElement { cursor throws(TokenizerError) in
      var rank = -1
      let start = storage.count
      try cursor.forEachMember(&key) { cursor, key throws(TokenizerError) in
        if key.elementsEqual("rank".utf8) {
          rank = try cursor.takeWholeNumber()
        } else if key.elementsEqual("token_bytes".utf8) {
          try cursor.takeString(&text)
          text.withUnsafeBufferPointer {
            var position = 0
            RankFile.takeBase64($0, &position, &storage)
          }
        } else {
          _ = try cursor.skipValue()
        }
      }
      guard rank >= 0, storage.count > start else { throw cursor.failure("a token needs a rank and token_bytes") }
      guard rank < limit else { return }
      guard places[rank].isEmpty else { throw cursor.failure("the rank \(rank) stands there twice") }
      places[rank] = start..<storage.count
    }
    for (rank, place) in places.enumerated() {
      guard !place.isEmpty else { throw TokenizerError(name, "vocab lacks the rank \(rank)") }
      tokens[rank] = storage[place]
    }
    return tokens
  }
}

extension Tokenizer {
  /// Reads Mistral's `tekken.json`.
  package init(tekken bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
    var vocabulary: Range<Int>?
    var others: JSON = .object([:])
    var cursor = JSONCursor(bytes, name: name)
    var key: [UInt8] = []
    var ranges: [(String, Range<Int>)] = []
    try cursor.forEachMember(&key) { cursor, key throws(TokenizerError) in
      let range = try cursor.skipValue()
      if key.elementsEqual("vocab".utf8) {
        vocabulary = range
      } else {
        ranges.append((String(decoding: key, as: UTF8.self), range))
      }
    }
    for (key, range) in ranges where key == "config" || key == "special_tokens" {
      others[key] = try JSON.parse(UnsafeBufferPointer(rebasing: bytes[range]), name: "\(name), \(key)")
    }
    guard let vocabulary else { throw TokenizerError(name, "vocab is missing, it must be a list of tokens") }
    let config = others["config"] ?? .null
    func size(_ key: String) throws(TokenizerError) -> Int {
      guard let value = config[key]?.intValue, value > 0, value < BPETrainer.largestVocabulary else {
        throw TokenizerError(name, "config.\(key) is missing, or no number of tokens")
      }
      return value
    }
    let specialCount = try size("default_num_special_tokens")
    let count = try size("default_vocab_size") - specialCount
    guard let expression = config["pattern"]?.stringValue, count > 0 else {
      throw TokenizerError(
        name, "config.pattern is missing, or default_vocab_size is not above default_num_special_tokens")
    }
    var names =
      others["special_tokens"]?.arrayValue?.map { $0["token_str"]?.stringValue ?? "" } ?? TekkenFile.olderSpecialTokens
    guard names.count <= specialCount else {
      throw TokenizerError(name, "special_tokens are \(names.count), more than default_num_special_tokens")
    }
    names += (names.count..<specialCount).map { "<SPECIAL_\($0)>" }
    let added = names.enumerated().filter { !$1.isEmpty }.map {
      AddedToken(id: UInt32($0), content: $1, isSpecial: true)
    }
    let holes = [ArraySlice<UInt8>](repeating: [], count: specialCount)
    let tokens = holes + (try TekkenFile.tokens(bytes, vocabulary, limit: count, name: name))
    let cutting = PreTokenizer.json(expression: expression)
    let scanner = PreTokenizer(cutting)
    let model = TokenizerModel(
      tokens: tokens, addedTokens: added, preTokenizer: scanner ?? PreTokenizer(pattern: .none),
      segmentation: scanner == nil ? try Segmentation(cutting, file: name) : nil, ignoresMerges: true,
      merges: { vocabulary, _ in RankFile.merges(vocabulary, specialCount..<tokens.count) })
    var metadata = TokenizerMetadata(trainedWithEndOfText: nil, added)
    if scanner == nil { metadata.preTokenizer = cutting }
    metadata.name(
      beginning: names.firstIndex(of: "<s>"), end: names.firstIndex(of: "</s>"), model)
    self.init(model: model, metadata: metadata)
  }
}
