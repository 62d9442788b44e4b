/// How BPE over characters begins a word: the tokens of its characters, which are then merged.
struct CharacterMerges: Sendable {
  /// Written before every character but the first of a word (`continuing_subword_prefix`).
  var prefix: [UInt8] = []
  /// Written after the last character of a word (`end_of_word_suffix`).
  var suffix: [UInt8] = []
  var unknown: UnknownToken?
  /// The token of each byte where characters without one fall back to bytes; `UInt32.max` where a byte has none.
  var byteTokens: [UInt32]?
  /// The token of each character below U+10000 without prefix and suffix, `UInt32.max` for none.
  private let single: ContiguousArray<UInt32>
  /// Tokens that are found as they are and never merge (SentencePiece's user-defined symbols).
  var frozen: ByteTrie?
  /// Characters that are no token but parts of some; they have numbers that no token has, from `firstVirtual` on.
  private(set) var virtual: [[UInt8]] = []
  private var virtualIDs: [[UInt8]: UInt32] = [:]
  private let firstVirtual: UInt32

  /// - Parameter tokens: Those that merging may make, at their identifiers; empty where there is none.
  init(_ tokens: [ArraySlice<UInt8>]) {
    var single = ContiguousArray<UInt32>(repeating: .max, count: 0x10000)
    for (id, token) in tokens.enumerated() where !token.isEmpty && token.count <= 3 {
      token.withUnsafeBufferPointer { token in
        guard let base = token.baseAddress else { return }
        let (scalar, width) = ByteScanner(bytes: base, end: token.count).scalar(at: 0)
        guard width == token.count, scalar < 0x10000, single[Int(scalar)] == .max else { return }
        single[Int(scalar)] = UInt32(id)
      }
    }
    self.single = single
    firstVirtual = UInt32(BPETrainer.largestVocabulary)
  }

  /// The token `<0x41>` of each byte, `UInt32.max` where there is none.
  static func byteTokens(_ tokens: [ArraySlice<UInt8>]) -> [UInt32] {
    var found = [UInt32](repeating: .max, count: 256)
    for (id, token) in tokens.enumerated() {
      // Only the spelling with capitals counts.
      guard let byte = TokenDecoder.byte(of: token), found[Int(byte)] == .max,
        !token.dropFirst(3).contains(where: { $0 >= UInt8(ascii: "a") })
      else { continue }
      found[Int(byte)] = UInt32(id)
    }
    return found
  }

  /// Whether bytes never overtake a waiting unknown token, so that words are independent of each other.
  var hasAllBytesOrNone: Bool { byteTokens.map { !$0.contains(.max) } ?? true }

  /// The number of a character that is no token.
  mutating func virtualID(_ character: [UInt8]) -> UInt32 {
    if let id = virtualIDs[character] { return id }
    let id = firstVirtual + UInt32(virtual.count)
    virtual.append(character)
    virtualIDs[character] = id
    return id
  }

  /// Puts the tokens of a word's characters into a list.
  func begin(_ word: UnsafeBufferPointer<UInt8>, _ vocabulary: Vocabulary, into symbols: inout ContiguousArray<UInt32>)
  {
    guard let base = word.baseAddress else { return }
    let scanner = ByteScanner(bytes: base, end: word.count)
    let isPlain = prefix.isEmpty && suffix.isEmpty
    var isUnknownPending = false
    var place = 0
    while place < word.count {
      let (scalar, width) = scanner.scalar(at: place)
      var id = UInt32.max
      if isPlain, scalar < 0x10000 {
        id = single[Int(scalar)]
      } else if isPlain {
        id = vocabulary.id(base + place, width) ?? .max
      } else {
        var text = place == 0 ? [] : prefix
        text.append(contentsOf: word[place..<place + width])
        if place + width == word.count { text.append(contentsOf: suffix) }
        id = vocabulary.id(text) ?? .max
      }
      if id == .max, !virtual.isEmpty { id = virtualIDs[Array(word[place..<place + width])] ?? .max }
      if id != .max {
        if isUnknownPending, let unknown { symbols.append(unknown.id) }
        isUnknownPending = false
        symbols.append(id)
      } else if !appendBytes(
        word[place..<place + width], isFirst: place == 0, isLast: place + width == word.count, &symbols),
        let unknown
      {
        // As in `tokenizers`, an unknown token waits until the next known character, and bytes may overtake it.
        if isUnknownPending, !unknown.isFused { symbols.append(unknown.id) }
        isUnknownPending = true
      }
      place += width
    }
    if isUnknownPending, let unknown { symbols.append(unknown.id) }
  }

  /// Appends the tokens of a character's bytes, if all have one.
  private func appendBytes(
    _ character: Slice<UnsafeBufferPointer<UInt8>>, isFirst: Bool, isLast: Bool,
    _ symbols: inout ContiguousArray<UInt32>
  ) -> Bool {
    guard let byteTokens else { return false }
    let bytes = (isFirst ? [] : prefix) + character + (isLast ? suffix : [])
    guard bytes.allSatisfy({ byteTokens[Int($0)] != .max }) else { return false }
    for byte in bytes { symbols.append(byteTokens[Int(byte)]) }
    return true
  }

  /// What a token of the merging becomes in the end: a character that is no token falls back.
  func finish(_ id: UInt32, into output: inout [UInt32]) {
    guard id >= firstVirtual else {
      output.append(id)
      return
    }
    let text = virtual[Int(id - firstVirtual)]
    if let byteTokens, text.allSatisfy({ byteTokens[Int($0)] != .max }) {
      for byte in text { output.append(byteTokens[Int(byte)]) }
    } else if let unknown {
      output.append(unknown.id)
    }
  }
}
