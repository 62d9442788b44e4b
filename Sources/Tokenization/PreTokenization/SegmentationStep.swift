/// One step of cutting text, with the settings that `tokenizers` gives it.
enum SegmentationStep: Sendable {
  case split(Pattern, SplitBehavior, isInverted: Bool)
  /// Digits apart from the rest, one by one or in runs.
  case digits(individual: Bool)
  case punctuation(SplitBehavior)
  /// `\w+|[^\w\s]+`, white space goes.
  case whitespace
  case whitespaceSplit
  case delimiter(UInt32)
  case metaspace(replacement: UInt32, MetaspacePrefix, splits: Bool)
  case byteLevel(addsPrefixSpace: Bool, usesPattern: Bool)
  case fixedLength(Int)
  /// Before the marks of words (U+2581) that no token joins with what stands before them: this changes no tokens, as
  /// merges are bound to their pair, and words can be remembered.
  case marks(joinedWith: Set<UInt32>)

  /// Where `Metaspace` puts its mark in front.
  enum MetaspacePrefix: String, Sendable {
    case always, first, never
  }
}

/// Text on its way through the steps: its bytes and the pieces of them so far.
struct SegmentedText {
  var bytes: [UInt8]
  var pieces: ContiguousArray<Range<Int>>
  /// Whether the first piece stands where the text begins.
  var startsText: Bool
}

extension SegmentationStep {
  /// Cuts and changes the pieces.
  func apply(_ text: inout SegmentedText, _ matcher: inout PatternMatcher) {
    switch self {
    case .metaspace(let replacement, let prefix, let splits):
      markSpaces(&text, replacement, prefix)
      if splits { cut(&text) { $0.metaspace($1, replacement, &$2) } }
    case .byteLevel(let addsPrefixSpace, let usesPattern):
      if addsPrefixSpace { prefixSpaces(&text) }
      if usesPattern { cut(&text) { $0.gpt2($1, &$2) } }
    case .split(let pattern, let behavior, let isInverted):
      cut(&text) { cutter, range, pieces in
        var collector = PieceCollector(behavior, isInverted: isInverted, start: range.lowerBound)
        matcher.forEachMatch(of: pattern, in: cutter.bytes, range) { collector.add($0) }
        collector.finish(range.upperBound, into: &pieces)
      }
    case .digits(let individual):
      cut(&text) { cutter, range, pieces in
        cutter.scalars(range, individual ? .isolated : .contiguous, &pieces) { scalar, scanner in
          scanner.properties(of: scalar).isNumeric
        }
      }
    case .punctuation(let behavior):
      let table = ScalarTables.punctuation
      cut(&text) { cutter, range, pieces in
        cutter.scalars(range, behavior, &pieces) { scalar, _ in
          scalar != ByteScanner.noScalar && table[Int(scalar)] != 0
        }
      }
    case .whitespaceSplit:
      cut(&text) { cutter, range, pieces in
        cutter.scalars(range, .removed, &pieces) { $1.properties(of: $0).isWhitespace }
      }
    case .delimiter(let delimiter):
      cut(&text) { cutter, range, pieces in
        cutter.scalars(range, .removed, &pieces) { scalar, _ in scalar == delimiter }
      }
    case .whitespace: cut(&text) { $0.words($1, &$2) }
    case .marks(let joined): cut(&text) { $0.marks($1, joined, &$2) }
    case .fixedLength(let length): cut(&text) { $0.lengths($1, length, &$2) }
    }
  }

  /// Replaces each piece by those it is cut into.
  private func cut(
    _ text: inout SegmentedText, _ body: (Cutter, Range<Int>, inout ContiguousArray<Range<Int>>) -> Void
  ) {
    var pieces: ContiguousArray<Range<Int>> = []
    let first = text.pieces.first?.lowerBound
    text.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return }
      for piece in text.pieces { body(Cutter(bytes: base), piece, &pieces) }
    }
    // Without what was removed in front, the first piece is not where the text begins.
    if pieces.first?.lowerBound != first { text.startsText = false }
    text.pieces = pieces
  }

  /// Writes all pieces anew.
  private func rewrite(_ text: inout SegmentedText, _ body: (ArraySlice<UInt8>, Bool, inout [UInt8]) -> Void) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.bytes.count + text.bytes.count / 2)
    var isFirst = text.startsText
    for index in text.pieces.indices {
      let start = bytes.count
      body(text.bytes[text.pieces[index]], isFirst, &bytes)
      text.pieces[index] = start..<bytes.count
      isFirst = false
    }
    text.bytes = bytes
  }

  private func markSpaces(_ text: inout SegmentedText, _ replacement: UInt32, _ prefix: MetaspacePrefix) {
    var mark: [UInt8] = []
    mark.appendUTF8(replacement)
    rewrite(&text) { piece, isFirst, output in
      let isMarked = piece.first == 0x20 || piece.starts(with: mark)
      if !isMarked, !piece.isEmpty, prefix == .always || (prefix == .first && isFirst) {
        output.append(contentsOf: mark)
      }
      for byte in piece {
        if byte == 0x20 { output.append(contentsOf: mark) } else { output.append(byte) }
      }
    }
  }

  private func prefixSpaces(_ text: inout SegmentedText) {
    rewrite(&text) { piece, _, output in
      if piece.first != 0x20 { output.append(0x20) }
      output.append(contentsOf: piece)
    }
  }

  /// Writes all bytes in the byte alphabet, for steps that come after `ByteLevel`.
  static func writeByteAlphabet(_ text: inout SegmentedText) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.bytes.count * 2)
    for index in text.pieces.indices {
      let start = bytes.count
      for byte in text.bytes[text.pieces[index]] { bytes.appendUTF8(ByteAlphabet.scalars[Int(byte)].value) }
      text.pieces[index] = start..<bytes.count
    }
    text.bytes = bytes
  }

  /// The opposite of `writeByteAlphabet`.
  static func readByteAlphabet(_ text: inout SegmentedText) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.bytes.count)
    for index in text.pieces.indices {
      let start = bytes.count
      ByteAlphabet.appendBytes(ofText: text.bytes[text.pieces[index]], to: &bytes)
      text.pieces[index] = start..<bytes.count
    }
    text.bytes = bytes
  }
}

/// Cuts ranges of some bytes.
private struct Cutter {
  let bytes: UnsafePointer<UInt8>

  /// Each scalar of a kind is a match.
  @inline(__always)
  func scalars(
    _ range: Range<Int>, _ behavior: SplitBehavior, _ pieces: inout ContiguousArray<Range<Int>>,
    _ isMatch: (UInt32, ByteScanner) -> Bool
  ) {
    let scanner = ByteScanner(bytes: bytes, end: range.upperBound)
    var collector = PieceCollector(behavior, isInverted: false, start: range.lowerBound)
    var place = range.lowerBound
    while place < range.upperBound {
      let (scalar, width) = scanner.scalar(at: place)
      if isMatch(scalar, scanner) { collector.add(place..<place + width) }
      place += width
    }
    collector.finish(range.upperBound, into: &pieces)
  }

  func words(_ range: Range<Int>, _ pieces: inout ContiguousArray<Range<Int>>) {
    let scanner = ByteScanner(bytes: bytes, end: range.upperBound)
    var place = range.lowerBound
    // 0 white space, 1 word, 2 other
    func kind(_ place: Int) -> (Int, Int) {
      let (scalar, width) = scanner.scalar(at: place)
      let properties = scanner.properties(of: scalar)
      return (properties.isWord ? 1 : properties.isWhitespace ? 0 : 2, width)
    }
    while place < range.upperBound {
      let (first, width) = kind(place)
      let start = place
      place += width
      while place < range.upperBound, case let (next, width) = kind(place), next == first { place += width }
      if first != 0 { pieces.append(start..<place) }
    }
  }

  /// A mark begins a new piece.
  func metaspace(_ range: Range<Int>, _ replacement: UInt32, _ pieces: inout ContiguousArray<Range<Int>>) {
    scalars(range, .mergedWithNext, &pieces) { scalar, _ in scalar == replacement }
  }

  func gpt2(_ range: Range<Int>, _ pieces: inout ContiguousArray<Range<Int>>) {
    let scanner = ByteScanner(bytes: bytes, end: range.upperBound)
    var place = range.lowerBound
    while place < range.upperBound {
      let end = GPT2Pattern.wordEnd(scanner, place)
      pieces.append(place..<end)
      place = end
    }
  }

  func marks(_ range: Range<Int>, _ joined: Set<UInt32>, _ pieces: inout ContiguousArray<Range<Int>>) {
    let scanner = ByteScanner(bytes: bytes, end: range.upperBound)
    var start = range.lowerBound
    var place = start
    var before = Self.mark
    while place < range.upperBound {
      let (scalar, width) = scanner.scalar(at: place)
      if scalar == Self.mark, before != Self.mark, joined.isEmpty || !joined.contains(before) {
        pieces.append(start..<place)
        start = place
      }
      before = scalar
      place += width
    }
    if start < place { pieces.append(start..<place) }
  }

  private static let mark: UInt32 = 0x2581

  func lengths(_ range: Range<Int>, _ length: Int, _ pieces: inout ContiguousArray<Range<Int>>) {
    let scanner = ByteScanner(bytes: bytes, end: range.upperBound)
    var place = range.lowerBound
    while place < range.upperBound {
      let start = place
      var count = 0
      while place < range.upperBound, count < length {
        place += scanner.scalar(at: place).width
        count += 1
      }
      pieces.append(start..<place)
    }
  }
}
