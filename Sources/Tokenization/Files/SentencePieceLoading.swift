import Formats
import Foundation

extension Tokenizer {
  /// Reads a SentencePiece model: BPE or Unigram. Ids are those of the `sentencepiece` library; saving writes the
  /// `tokenizer.json` that `transformers` would make of it.
  /// - Throws: `TokenizerError` for a damaged file, and for models of words or characters.
  package init(sentencePiece bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
    let file = try SentencePieceFile(bytes, name: name)
    guard file.modelType == 1 || file.modelType == 2 else {
      throw TokenizerError(
        name, "model_type is \(file.modelType), which is not supported: it must be 1 (Unigram) or 2 (BPE)")
    }
    guard let unknown = file.kinds.firstIndex(of: .unknown) else {
      throw TokenizerError(name, "no piece is of the type that stands for unknown text")
    }
    let isUnigram = file.modelType == 1
    var added: [JSON] = []
    var symbols: [AddedToken] = []
    for (id, kind) in file.kinds.enumerated() where kind == .control || kind == .unknown || kind == .userDefined {
      let content = String(decoding: file.texts[id], as: UTF8.self)
      guard !content.isEmpty else { continue }
      let token = AddedToken(id: UInt32(id), content: content, isSpecial: kind != .userDefined, isNormalized: false)
      // SentencePiece finds its user's symbols by itself, in changed text.
      if kind == .userDefined { symbols.append(token) } else { added.append(token.description(withID: true)) }
    }
    let shape = SentencePieceShape(
      isUnigram: isUnigram, unknown: unknown, unknownText: String(decoding: file.texts[unknown], as: UTF8.self),
      hasByteFallback: file.hasByteFallback, addsPrefix: file.normalizer.addsPrefix,
      removesExtraSpaces: file.normalizer.removesExtraSpaces, characterMap: file.characterMap)
    var rest = shape.json
    rest["added_tokens"] = .array(added)
    if file.texts.indices.contains(file.beginning), case let text = file.texts[file.beginning], !text.isEmpty {
      rest["post_processor"] = SentencePieceShape.template(
        beginning: (String(decoding: text, as: UTF8.self), file.beginning), end: nil)
    }
    let source = PartsSource(
      name: name, rest: rest, texts: file.texts, mergeSource: .scores(file.scores), sentencePiece: file.normalizer,
      frozen: isUnigram ? nil : file.normalizer.userDefined, pieceKinds: file.kinds)
    try self.init(source)
    metadata.furtherAddedTokens = symbols
    metadata.name(beginning: file.beginning, end: file.end, model)
  }
}

/// What `transformers` makes of a SentencePiece vocabulary, as members of `tokenizer.json`.
struct SentencePieceShape {
  var isUnigram: Bool
  var unknown: Int
  var unknownText: String
  var hasByteFallback: Bool
  var addsPrefix: Bool
  var removesExtraSpaces = false
  var characterMap: ArraySlice<UInt8> = []

  private static let mark: JSON = "\u{2581}"

  var json: JSON {
    var steps: [JSON] = []
    if !characterMap.isEmpty {
      steps.append(["type": "Precompiled", "precompiled_charsmap": .string(Data(characterMap).base64EncodedString())])
    }
    if removesExtraSpaces {
      steps.append(["type": "Strip", "strip_left": true, "strip_right": true])
      steps.append(["type": "Replace", "pattern": ["Regex": " {2,}"], "content": " "])
    }
    if addsPrefix { steps.append(["type": "Prepend", "prepend": Self.mark]) }
    steps.append(["type": "Replace", "pattern": ["String": " "], "content": Self.mark])
    var decoders: [JSON] = [
      ["type": "Replace", "pattern": ["String": Self.mark], "content": " "], ["type": "ByteFallback"], ["type": "Fuse"],
    ]
    if addsPrefix { decoders.append(["type": "Strip", "content": " ", "start": 1, "stop": 0]) }
    let model: JSON =
      isUnigram
      ? [
        "type": "Unigram", "unk_id": .integer(Int64(unknown)), "byte_fallback": .bool(hasByteFallback),
      ]
      : [
        "type": "BPE", "dropout": .null, "unk_token": .string(unknownText), "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": true, "byte_fallback": .bool(hasByteFallback), "ignore_merges": false,
      ]
    return [
      "version": "1.0", "truncation": .null, "padding": .null,
      "normalizer": steps.count == 1 ? steps[0] : ["type": "Sequence", "normalizers": .array(steps)],
      "pre_tokenizer": .null, "post_processor": .null,
      "decoder": ["type": "Sequence", "decoders": .array(decoders)], "model": model,
    ]
  }

  /// A `post_processor` that puts a token before and one after a text.
  static func template(beginning: (text: String, id: Int)?, end: (text: String, id: Int)?) -> JSON {
    func token(_ text: String, _ type: Int64) -> JSON {
      ["SpecialToken": ["id": .string(text), "type_id": .integer(type)]]
    }
    func sequence(_ name: String, _ type: Int64) -> JSON {
      ["Sequence": ["id": .string(name), "type_id": .integer(type)]]
    }
    func around(_ inner: JSON, _ type: Int64) -> [JSON] {
      (beginning.map { [token($0.text, type)] } ?? []) + [inner] + (end.map { [token($0.text, type)] } ?? [])
    }
    var table: JSON = .object([:])
    for found in [beginning, end] {
      guard let found else { continue }
      table[found.text] = [
        "id": .string(found.text), "ids": [.integer(Int64(found.id))], "tokens": [.string(found.text)],
      ]
    }
    return [
      "type": "TemplateProcessing", "single": .array(around(sequence("A", 0), 0)),
      "pair": .array(around(sequence("A", 0), 0) + around(sequence("B", 1), 1)), "special_tokens": table,
    ]
  }
}
