import Formats

/// `tokenizer.json` taken apart: the vocabulary and the merges are only located, the rest is parsed.
struct TokenizerDocument: TokenizerSource {
  let bytes: UnsafeBufferPointer<UInt8>
  let name: String
  /// The file without `model.vocab` and `model.merges`.
  private(set) var rest: JSON = .object([:])
  private var vocabulary: Range<Int>?
  private var merges: Range<Int>?

  init(_ bytes: UnsafeBufferPointer<UInt8>, name: String) throws {
    self.bytes = bytes
    self.name = name
    var members: [(String, Range<Int>)] = []
    var modelMembers: [(String, Range<Int>)] = []
    var cursor = JSONCursor(bytes, name: name)
    var key: [UInt8] = []
    var modelKey: [UInt8] = []
    try cursor.forEachMember(&key) { cursor, key throws(TokenizerError) in
      let key = String(decoding: key, as: UTF8.self)
      if key == "model", cursor.peek() == UInt8(ascii: "{") {
        try cursor.forEachMember(&modelKey) { cursor, key throws(TokenizerError) in
          modelMembers.append((String(decoding: key, as: UTF8.self), try cursor.skipValue()))
        }
      } else {
        members.append((key, try cursor.skipValue()))
      }
    }
    guard cursor.peek() == nil else { throw cursor.failure("nothing may follow the object") }
    var model: JSON = .object([:])
    for (key, range) in modelMembers {
      switch key {
      case "vocab": vocabulary = range
      case "merges": merges = range
      default: model[key] = try parse(range, "model.\(key)")
      }
    }
    for (key, range) in members { rest[key] = try parse(range, key) }
    rest["model"] = model
  }

  private func parse(_ range: Range<Int>, _ key: String) throws -> JSON {
    try JSON.parse(UnsafeBufferPointer(rebasing: bytes[range]), name: "\(name), \(key)")
  }

  /// The pieces of a Unigram model with their scores; their places are their numbers.
  func pieces() throws(TokenizerError) -> (pieces: [ArraySlice<UInt8>], scores: [Double]) {
    guard let vocabulary else { throw TokenizerError(name, "model.vocab is missing, it must be a list of pieces") }
    var storage: [UInt8] = []
    storage.reserveCapacity(vocabulary.count / 3)
    var ends: [Int] = []
    var scores: [Double] = []
    var text: [UInt8] = []
    var cursor = JSONCursor(bytes, name: name, at: vocabulary.lowerBound)
    try cursor.forEachElement { cursor throws(TokenizerError) in
      guard ends.count < BPETrainer.largestVocabulary else {
        throw cursor.failure("there are too many pieces, at most \(BPETrainer.largestVocabulary) can be had")
      }
      try cursor.expect(UInt8(ascii: "["))
      try cursor.takeString(&text)
      try cursor.expect(UInt8(ascii: ","))
      scores.append(try cursor.takeNumber())
      try cursor.expect(UInt8(ascii: "]"))
      storage.append(contentsOf: text)
      ends.append(storage.count)
    }
    return (ends.indices.map { storage[($0 == 0 ? 0 : ends[$0 - 1])..<ends[$0]] }, scores)
  }

  /// The tokens of the model at their numbers, empty where there is none; and those of them that are written as they
  /// are rather than in the byte alphabet.
  /// - Parameter isByteLevel: Whether tokens are written in the byte alphabet at all.
  func tokens(isByteLevel: Bool) throws(TokenizerError) -> (tokens: [ArraySlice<UInt8>], literal: Set<UInt32>) {
    guard let vocabulary else { throw TokenizerError(name, "model.vocab is missing, it must map tokens to numbers") }
    var found: [(id: Int, start: Int, end: Int)] = []
    var storage: [UInt8] = []
    storage.reserveCapacity(vocabulary.count / 2)
    var highest = -1
    var literal: Set<UInt32> = []
    var key: [UInt8] = []
    var cursor = JSONCursor(bytes, name: name, at: vocabulary.lowerBound)
    try cursor.forEachMember(&key) { cursor, key throws(TokenizerError) in
      let id = try cursor.takeWholeNumber()
      guard id < BPETrainer.largestVocabulary else {
        throw cursor.failure("the token number \(id) is too large, it must be below \(BPETrainer.largestVocabulary)")
      }
      guard !key.isEmpty else { throw cursor.failure("the token with the number \(id) is empty") }
      let start = storage.count
      if !isByteLevel {
        storage.append(contentsOf: key)
      } else if !ByteAlphabet.appendBytes(ofText: key, to: &storage) {
        literal.insert(UInt32(id))
      }
      found.append((id, start, storage.count))
      highest = max(highest, id)
    }
    var tokens = [ArraySlice<UInt8>](repeating: [], count: highest + 1)
    for token in found {
      guard tokens[token.id].isEmpty else {
        throw TokenizerError(name, "two tokens of model.vocab have the number \(token.id), each needs its own")
      }
      tokens[token.id] = storage[token.start..<token.end]
    }
    return (tokens, literal)
  }

  /// The merges in the order of their ranks, in either spelling: `"a b"` or `["a", "b"]`.
  /// - Parameter prefixLength: How many bytes the right token loses when it is merged (`continuing_subword_prefix`).
  func merges(
    _ vocabulary: Vocabulary, isByteLevel: Bool, prefixLength: Int, _ characters: inout CharacterMerges?
  ) throws(TokenizerError) -> [MergeTable.Merge] {
    guard let merges else { throw TokenizerError(name, "model.merges is missing, it must be a list of pairs") }
    var result: [MergeTable.Merge] = []
    result.reserveCapacity(vocabulary.count)
    var text: [UInt8] = []
    var left: [UInt8] = []
    var right: [UInt8] = []
    func append(_ text: some RandomAccessCollection<UInt8>, _ output: inout [UInt8]) {
      if isByteLevel { ByteAlphabet.appendBytes(ofText: text, to: &output) } else { output.append(contentsOf: text) }
    }
    func spelling(_ token: [UInt8]) -> String {
      isByteLevel ? ByteAlphabet.text(of: token) : String(decoding: token, as: UTF8.self)
    }
    var cursor = JSONCursor(bytes, name: name, at: merges.lowerBound)
    try cursor.forEachElement { cursor throws(TokenizerError) in
      left.removeAll(keepingCapacity: true)
      right.removeAll(keepingCapacity: true)
      if cursor.take(UInt8(ascii: "[")) {
        try cursor.takeString(&text)
        append(text, &left)
        try cursor.expect(UInt8(ascii: ","))
        try cursor.takeString(&text)
        append(text, &right)
        try cursor.expect(UInt8(ascii: "]"))
      } else {
        try cursor.takeString(&text)
        let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
          throw cursor.failure("a merge must be two tokens with one space between them")
        }
        append(parts[0], &left)
        append(parts[1], &right)
      }
      guard let leftID = vocabulary.id(left), let rightID = vocabulary.id(right),
        let merged = vocabulary.id(left + right.dropFirst(prefixLength))
      else {
        throw cursor.failure(
          "merge \(result.count) of \"\(spelling(left))\" and \"\(spelling(right))\" needs both and their union in model.vocab"
        )
      }
      result.append(MergeTable.Merge(left: leftID, right: rightID, rank: UInt32(result.count), merged: merged))
    }
    return result
  }
}

extension ByteAlphabet {
  /// Appends the bytes that a text of stand-ins means; a text with any other character means its own UTF-8, and false
  /// is returned.
  @discardableResult
  static func appendBytes(ofText text: some RandomAccessCollection<UInt8>, to output: inout [UInt8]) -> Bool {
    let start = output.count
    var index = text.startIndex
    while index < text.endIndex {
      var scalar = UInt32(text[index])
      index = text.index(after: index)
      if scalar >= 0x80 {
        guard scalar >= 0xc2, scalar <= 0xc5, index < text.endIndex, text[index] & 0xc0 == 0x80 else { break }
        scalar = (scalar & 0x1f) << 6 | UInt32(text[index] & 0x3f)
        index = text.index(after: index)
      }
      guard scalar < 0x144, case let byte = bytes[Int(scalar)], byte >= 0 else {
        index = text.startIndex
        break
      }
      output.append(UInt8(truncatingIfNeeded: byte))
      if index == text.endIndex { return true }
    }
    output.removeSubrange(start...)
    output.append(contentsOf: text)
    return false
  }
}
