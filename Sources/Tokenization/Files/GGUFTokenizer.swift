public import Formats

extension Tokenizer {
  /// The tokenizer that a GGUF file carries in its metadata: `gpt2` (byte-level BPE, its words named by
  /// `tokenizer.ggml.pre`), `llama` (SentencePiece BPE by scores), `gemma4` (BPE over characters) and `t5` (Unigram).
  ///
  /// It is put together as `transformers` would, so `save` writes a `tokenizer.json` that gives the same tokens.
  /// - Throws: `TokenizerError` naming the key that is missing, damaged or not supported.
  public init(gguf: GGUFFile) throws {
    let vocabulary = try GGUFVocabulary(gguf)
    try self.init(vocabulary.source())
    metadata.name(beginning: vocabulary.beginning, end: vocabulary.end, model)
    metadata.chatTemplate = gguf.metadata["tokenizer.chat_template"]?.stringValue.map { Array($0.utf8) }
  }
}

/// A vocabulary in the metadata of a GGUF file.
struct GGUFVocabulary {
  private let name: String
  private let gguf: GGUFFile
  private let kind: String
  private let strings: GGUFStrings
  private var texts: [ArraySlice<UInt8>] = []
  private let kinds: [SentencePieceKind]
  /// Numbers of the tokens that begin and end a text.
  let beginning: Int?
  let end: Int?

  init(_ gguf: GGUFFile) throws {
    name = gguf.path
    self.gguf = gguf
    guard let kind = gguf.metadata["tokenizer.ggml.model"]?.stringValue else {
      throw TokenizerError(gguf.path, "tokenizer.ggml.model is missing, so the file has no tokenizer")
    }
    guard ["gpt2", "llama", "gemma4", "t5"].contains(kind) else {
      throw TokenizerError(
        gguf.path, "tokenizer.ggml.model is \"\(kind)\", which is not supported: it must be gpt2, llama, gemma4 or t5")
    }
    self.kind = kind
    guard let strings = gguf.metadata["tokenizer.ggml.tokens"]?.stringsValue, strings.count > 0,
      strings.count < BPETrainer.largestVocabulary
    else { throw TokenizerError(gguf.path, "tokenizer.ggml.tokens is missing, it must be a list of texts") }
    self.strings = strings
    if let numbers = gguf.metadata["tokenizer.ggml.token_type"]?.intsValue {
      guard numbers.count == strings.count else {
        throw TokenizerError(
          gguf.path,
          "tokenizer.ggml.token_type has \(numbers.count) entries, it must have \(strings.count), one a token")
      }
      kinds = numbers.map { SentencePieceKind(rawValue: $0) ?? .unused }
    } else {
      kinds = Array(repeating: .normal, count: strings.count)
    }
    func id(_ key: String) -> Int? {
      gguf.metadata["tokenizer.ggml.\(key)_token_id"]?.intValue.flatMap { strings.indices.contains($0) ? $0 : nil }
    }
    beginning = id("bos")
    end = id("eos")
    texts = makeTexts()
  }

  private var isByteLevel: Bool { kind == "gpt2" }

  /// Texts of the tokens as `tokenizer.json` would have them: spaces of user's symbols as marks, no fillers.
  private func makeTexts() -> [ArraySlice<UInt8>] {
    var storage: [UInt8] = []
    storage.reserveCapacity(strings.byteCount)
    var ends: [Int] = []
    let mark = Array("\u{2581}".utf8)
    var seen: Set<ArraySlice<UInt8>> = []
    for id in strings.indices {
      let start = storage.count
      strings.withBytes(of: id) { text in
        if !isByteLevel, kinds[id] == .userDefined {
          for byte in text { if byte == 0x20 { storage.append(contentsOf: mark) } else { storage.append(byte) } }
        } else {
          storage.append(contentsOf: text)
        }
      }
      if storage[start...].elementsEqual("[PAD\(id)]".utf8) { storage.removeSubrange(start...) }
      ends.append(storage.count)
    }
    let all = ends.indices.map { storage[($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]] }
    // Of equal texts only the first is a token of the model.
    return all.map { seen.insert($0).inserted ? $0 : [] }
  }

  private func flag(_ key: String, _ otherwise: Bool) -> Bool {
    gguf.metadata["tokenizer.ggml.\(key)"]?.boolValue ?? otherwise
  }

  /// The parts that make a tokenizer.
  func source() throws -> PartsSource {
    let unknown = gguf.metadata["tokenizer.ggml.unknown_token_id"]?.intValue ?? kinds.firstIndex(of: .unknown) ?? 0
    guard texts.indices.contains(unknown) else {
      throw TokenizerError(name, "tokenizer.ggml.unknown_token_id is \(unknown), which is no token")
    }
    var rest: JSON
    var merges: PartsSource.Merges
    if isByteLevel {
      rest = try byteLevelShape()
      merges = try mergePairs()
    } else {
      let addsPrefix = flag("add_space_prefix", kind != "gemma4")
      var shape = SentencePieceShape(
        isUnigram: kind == "t5", unknown: unknown, unknownText: String(decoding: texts[unknown], as: UTF8.self),
        hasByteFallback: kinds.contains(.byte), addsPrefix: addsPrefix)
      shape.removesExtraSpaces = flag("remove_extra_whitespaces", false)
      if let map = gguf.metadata["tokenizer.ggml.precompiled_charsmap"]?.intsValue {
        shape.characterMap = map.map { UInt8(truncatingIfNeeded: $0) }[...]
      }
      rest = shape.json
      merges = kind == "gemma4" ? try mergePairs() : .scores(try scores())
    }
    rest["added_tokens"] = .array(addedTokens(unknown))
    if let template = template() { rest["post_processor"] = template }
    return PartsSource(
      name: name, rest: rest, texts: texts, mergeSource: merges, pieceKinds: kind == "llama" ? kinds : nil)
  }

  private func scores() throws -> [Float] {
    guard let scores = gguf.metadata["tokenizer.ggml.scores"]?.floatsValue, scores.count == texts.count,
      scores.allSatisfy(\.isFinite)
    else {
      throw TokenizerError(name, "tokenizer.ggml.scores is missing, or not \(texts.count) finite numbers, one a token")
    }
    return scores
  }

  private func mergePairs() throws -> PartsSource.Merges {
    guard let merges = gguf.metadata["tokenizer.ggml.merges"]?.stringsValue else {
      throw TokenizerError(name, "tokenizer.ggml.merges is missing, it must be a list of pairs")
    }
    return .pairs(count: merges.count) { merges[$0] }
  }

  private func addedTokens(_ unknown: Int) -> [JSON] {
    texts.indices.compactMap { id in
      let kind = kinds[id]
      guard !texts[id].isEmpty, kind == .control || kind == .userDefined || (kind == .unknown && id == unknown) else {
        return nil
      }
      return AddedToken(
        id: UInt32(id), content: String(decoding: texts[id], as: UTF8.self), isSpecial: kind != .userDefined,
        isNormalized: false
      ).description(withID: true)
    }
  }

  /// What stands around a text, if the file says that something does.
  private func template() -> JSON? {
    let cutting = gguf.metadata["tokenizer.ggml.pre"]?.stringValue ?? ""
    let addsBeginning = flag("add_bos_token", kind == "llama" || GGUFWords.addBeginning.contains(cutting))
    let addsEnd = flag("add_eos_token", kind == "t5")
    func token(_ id: Int?, _ isWanted: Bool) -> (text: String, id: Int)? {
      guard isWanted, let id, !texts[id].isEmpty else { return nil }
      return (String(decoding: texts[id], as: UTF8.self), id)
    }
    let around = (token(beginning, addsBeginning), token(end, addsEnd))
    if around.0 == nil, around.1 == nil { return nil }
    return SentencePieceShape.template(beginning: around.0, end: around.1)
  }

  /// `tokenizer.json` of byte-level BPE.
  private func byteLevelShape() throws -> JSON {
    let cutting = gguf.metadata["tokenizer.ggml.pre"]?.stringValue ?? "gpt-2"
    guard let steps = GGUFWords.preTokenizer(named: cutting) else {
      throw TokenizerError(
        name,
        "tokenizer.ggml.pre is \"\(cutting)\", which is not supported: it must be "
          + GGUFWords.names.joined(separator: ", "))
    }
    return [
      "version": "1.0", "truncation": .null, "padding": .null,
      "normalizer": GGUFWords.composed.contains(cutting) ? ["type": "NFC"] : .null, "pre_tokenizer": steps,
      "post_processor": .null, "decoder": TokenizerMetadata.byteLevel(useRegex: true),
      "model": ["type": "BPE", "ignore_merges": .bool(GGUFWords.ignoreMerges.contains(cutting))],
    ]
  }
}
