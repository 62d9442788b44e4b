import Dispatch

/// Trains a byte-level BPE vocabulary on documents: count their words, then learn merges.
///
/// Only the different words are kept, so any amount of text can go through. For the same documents, vocabulary size
/// and pre-tokenizer the merges and numbers equal those of `BpeTrainer` in `tokenizers` with the byte alphabet.
/// The result does not depend on the number of threads.
public struct BPETrainer: Sendable {
  /// What to train.
  public struct Options: Sendable {
    /// Tokens in all: special tokens, 256 bytes and merges.
    public var vocabularySize: Int
    /// The vocabulary size is rounded up to a multiple of this.
    public var vocabularyMultiple: Int
    /// A pair that occurs less often is not merged.
    public var minimumFrequency: Int
    /// How text is cut into words.
    public var preTokenizer: PreTokenizer
    /// Tokens that never come from text; they take the numbers from 0 in this order.
    public var specialTokens: [String]
    /// Which of the special tokens ends a text.
    public var endOfText: String?

    /// Options with their defaults: Llama 3's words, and one special token that ends a text and has the number 0.
    public init(
      vocabularySize: Int, vocabularyMultiple: Int = 1, minimumFrequency: Int = 1,
      preTokenizer: PreTokenizer = .llama3, specialTokens: [String] = ["<|endoftext|>"],
      endOfText: String? = "<|endoftext|>"
    ) {
      self.vocabularySize = vocabularySize
      self.vocabularyMultiple = vocabularyMultiple
      self.minimumFrequency = minimumFrequency
      self.preTokenizer = preTokenizer
      self.specialTokens = specialTokens
      self.endOfText = endOfText
    }
  }

  /// What to train.
  public let options: Options
  /// One table a thread.
  private var counts: [WordCounts]
  /// Bytes of text so far.
  public private(set) var byteCount = 0

  /// A trainer that has seen no text.
  /// - Parameter threads: How many threads count words.
  /// - Throws: `TokenizerError` if the options can not be met by any text.
  public init(_ options: Options, threads: Int) throws(TokenizerError) {
    let specials = options.specialTokens
    guard options.vocabularyMultiple >= 1 else {
      throw TokenizerError("vocabularyMultiple", "\(options.vocabularyMultiple) is no multiple, it must be 1 or more")
    }
    guard options.vocabularySize <= Self.largestVocabulary, options.vocabularyMultiple <= Self.largestVocabulary else {
      throw TokenizerError(
        "vocabularySize", "\(options.vocabularySize) is too large, at most \(Self.largestVocabulary) tokens can be had")
    }
    guard options.vocabularySize >= specials.count + 256 else {
      throw TokenizerError(
        "vocabularySize",
        "\(options.vocabularySize) is too small, 256 bytes and \(specials.count) special tokens need at least "
          + "\(specials.count + 256)")
    }
    for (index, token) in specials.enumerated() {
      if token.utf8.count < 2 {
        throw TokenizerError("specialTokens", "\"\(token)\" is too short, a special token needs two bytes or more")
      }
      if specials[..<index].contains(token) {
        throw TokenizerError("specialTokens", "\"\(token)\" stands there twice, each must be different")
      }
    }
    if let end = options.endOfText, !specials.contains(end) {
      throw TokenizerError("endOfText", "\"\(end)\" is none of the special tokens \(specials)")
    }
    self.options = options
    counts = Array(repeating: WordCounts(), count: max(threads, 1))
  }

  /// The most tokens that a vocabulary may have.
  public static let largestVocabulary = 1 << 24

  /// How many different words have been seen.
  public var distinctWordCount: Int { counts.reduce(0) { $0 + $1.count } }

  /// Counts the words of documents, on all threads. Words do not cross documents.
  public mutating func add(_ documents: [[UInt8]]) {
    var pieces: [(document: Int, range: Range<Int>)] = []
    let preTokenizer = options.preTokenizer
    for (index, document) in documents.enumerated() {
      byteCount += document.count
      document.withUnsafeBufferPointer { bytes in
        for range in preTokenizer.pieces(bytes, of: 1 << 18) { pieces.append((index, range)) }
      }
    }
    count(pieces.count) { index, body in
      documents[pieces[index].document].withUnsafeBufferPointer { bytes in
        body(UnsafeBufferPointer(rebasing: bytes[pieces[index].range]))
      }
    }
  }

  /// Counts the words of one document, on all threads.
  public mutating func add(_ document: UnsafeBufferPointer<UInt8>) {
    byteCount += document.count
    let pieces = options.preTokenizer.pieces(document, of: 1 << 18)
    count(pieces.count) { index, body in body(UnsafeBufferPointer(rebasing: document[pieces[index]])) }
  }

  /// Deals pieces of text out to the threads.
  private mutating func count(
    _ pieceCount: Int, _ withPiece: (Int, (UnsafeBufferPointer<UInt8>) -> Void) -> Void
  ) {
    let threads = counts.count
    let preTokenizer = options.preTokenizer
    counts.withUnsafeMutableBufferPointer { counts in
      // Each thread has its own table and its own pieces, and only reads what they share.
      nonisolated(unsafe) let tables = counts
      withoutActuallyEscaping(withPiece) { withPiece in
        nonisolated(unsafe) let withPiece = withPiece
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
          for index in stride(from: thread, to: pieceCount, by: threads) {
            withPiece(index) { Self.count($0, preTokenizer, &tables[thread]) }
          }
        }
      }
    }
  }

  private static func count(
    _ text: UnsafeBufferPointer<UInt8>, _ preTokenizer: PreTokenizer, _ table: inout WordCounts
  ) {
    guard let base = text.baseAddress else { return }
    preTokenizer.forEachWord(in: text) { table.add(base + $0.lowerBound, $0.count) }
  }

  /// Learns the vocabulary from the words counted so far.
  /// - Parameter progress: Called now and then with the tokens so far and the tokens wanted.
  /// - Throws: `TokenizerError` if the text does not give so many tokens; it says how many it gives.
  public func train(progress: (Int, Int) -> Void = { _, _ in }) throws(TokenizerError) -> Tokenizer {
    var words = counts[0]
    for table in counts.dropFirst() { words.add(table) }
    let multiple = options.vocabularyMultiple
    let size = (options.vocabularySize + multiple - 1) / multiple * multiple
    var learner = MergeLearner(words, specialTokens: options.specialTokens.map { Array($0.utf8) })
    learner.learn(vocabularySize: size, minimumFrequency: options.minimumFrequency) { count in
      if count % 256 == 0 { progress(count, size) }
    }
    guard learner.tokens.count == size else {
      throw TokenizerError(
        "vocabularySize",
        "this text (\(byteCount) bytes, \(words.count) different words) gives \(learner.tokens.count) tokens and not "
          + "\(size), so take more text or a vocabulary of at most \(learner.tokens.count)")
    }
    progress(size, size)
    let added = options.specialTokens.enumerated().map { id, content in
      AddedToken(id: UInt32(id), content: content, isSpecial: true)
    }
    let merges = learner.merges.enumerated().map { rank, merge in
      MergeTable.Merge(left: merge.left, right: merge.right, rank: UInt32(rank), merged: merge.merged)
    }
    let model = TokenizerModel(
      tokens: learner.tokens.map { $0[...] }, addedTokens: added, preTokenizer: options.preTokenizer,
      ignoresMerges: false, unknownToken: nil, merges: { _, _ in merges })
    let endOfText = options.endOfText.flatMap { options.specialTokens.firstIndex(of: $0) }.map { UInt32($0) }
    return Tokenizer(model: model, metadata: TokenizerMetadata(trainedWithEndOfText: endOfText, added))
  }
}
