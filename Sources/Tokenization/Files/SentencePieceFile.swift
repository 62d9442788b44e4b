/// A SentencePiece model (`ModelProto` of sentencepiece_model.proto): pieces, what trained them, how text is
/// normalised.
struct SentencePieceFile {
  /// Texts, scores and kinds of the pieces.
  private(set) var texts: [ArraySlice<UInt8>] = []
  private(set) var scores: [Float] = []
  private(set) var kinds: [SentencePieceKind] = []
  /// 1 Unigram, 2 BPE, 3 words, 4 characters.
  private(set) var modelType = 1
  private(set) var hasByteFallback = false
  private(set) var beginning = 1
  private(set) var end = 2
  private(set) var normalizer = SentencePieceNormalizer(removesExtraSpaces: true)
  /// The compiled character map as it stands in the file.
  private(set) var characterMap: ArraySlice<UInt8> = []

  /// Whether a file begins like a model: with a piece.
  static func looksLikeOne(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.count > 4 && bytes[0] == 0x0a && bytes[2] == 0x0a
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws(TokenizerError) {
    var storage: [UInt8] = []
    storage.reserveCapacity(bytes.count)
    var ends: [Int] = []
    var reader = ProtobufReader(bytes, 0..<bytes.count, name: name)
    while let (field, value) = try reader.next() {
      guard let range = value.range else { continue }
      switch field {
      case 1:
        guard ends.count < BPETrainer.largestVocabulary else {
          throw TokenizerError(name, "there are too many pieces, at most \(BPETrainer.largestVocabulary) can be had")
        }
        try readPiece(bytes, range, name, ends.count, &storage)
        ends.append(storage.count)
      case 2: try readTrainer(bytes, range, name)
      case 3: try readNormalizer(bytes, range, name)
      default: break
      }
    }
    guard !ends.isEmpty else { throw TokenizerError(name, "the file is no SentencePiece model: it has no pieces") }
    texts = ends.indices.map { storage[($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]] }
    var symbols = ByteTrie()
    for (id, text) in texts.enumerated() where kinds[id] == .userDefined { symbols.insert(text, Int32(id)) }
    if !symbols.isEmpty { normalizer.userDefined = symbols }
  }

  private mutating func readPiece(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ name: String, _ id: Int, _ storage: inout [UInt8]
  ) throws(TokenizerError) {
    var reader = ProtobufReader(bytes, range, name: name)
    var score: Float = 0
    var kind = SentencePieceKind.normal
    while let (field, value) = try reader.next() {
      switch field {
      case 1: if let text = value.range { storage.append(contentsOf: bytes[text]) }
      case 2: score = value.float ?? 0
      case 3:
        guard let known = value.int.flatMap(SentencePieceKind.init) else {
          throw TokenizerError(name, "the piece \(id) has a type that is none, it must be from 1 to 6")
        }
        kind = known
      default: break
      }
    }
    guard score.isFinite else { throw TokenizerError(name, "the score of the piece \(id) is no finite number") }
    scores.append(score)
    kinds.append(kind)
  }

  private mutating func readTrainer(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ name: String
  ) throws(TokenizerError) {
    var reader = ProtobufReader(bytes, range, name: name)
    while let (field, value) = try reader.next() {
      switch field {
      case 3: modelType = value.int ?? modelType
      case 24: normalizer.prefixIsSuffix = value.bool ?? false
      case 35: hasByteFallback = value.bool ?? false
      case 41: beginning = value.int ?? beginning
      case 42: end = value.int ?? end
      default: break
      }
    }
  }

  private mutating func readNormalizer(
    _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ name: String
  ) throws(TokenizerError) {
    var reader = ProtobufReader(bytes, range, name: name)
    while let (field, value) = try reader.next() {
      switch field {
      case 2:
        guard let text = value.range, !text.isEmpty else { continue }
        characterMap = Array(bytes[text])[...]
        normalizer.map = CharacterMap(characterMap)
        if normalizer.map == nil { throw TokenizerError(name, "precompiled_charsmap is damaged") }
      case 3: normalizer.addsPrefix = value.bool ?? true
      case 4: normalizer.removesExtraSpaces = value.bool ?? true
      case 5: normalizer.marksSpaces = value.bool ?? true
      default: break
      }
    }
  }
}
