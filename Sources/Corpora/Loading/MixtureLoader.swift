/// Serves the samples of a weighted mixture of sources: sample `n` is a function of seed, stage and `n` alone.
///
/// Nothing is remembered between samples, so resuming, skipping and sharing out samples among workers are only a
/// matter of which numbers are asked for. `Interleave` deals samples to sources; in each epoch of a source, a
/// `KeyedPermutation` chosen by seed, stage, source and epoch orders its windows.
public struct MixtureLoader: Sendable {
  /// Where a sample came from.
  public struct SampleOrigin: Sendable, Equatable {
    /// Index of the source.
    public var source: Int
    /// How often that source had been used up before, from 0.
    public var epoch: Int
    /// The window in that source.
    public var window: Int
    /// The window's first token in the source's stream.
    public var position: Int

    /// Names a sample's place.
    public init(source: Int, epoch: Int, window: Int, position: Int) {
      self.source = source
      self.epoch = epoch
      self.window = window
      self.position = position
    }
  }

  /// The sources.
  public let sources: [TokenSource]
  /// Tokens that a sample predicts; a sample has one more.
  public let sequenceLength: Int
  /// How samples are dealt to sources.
  public let interleave: Interleave
  private let windowCounts: [UInt64]
  private let seed: UInt64
  private let stage: UInt64
  private let shuffle: Bool
  private let firstSample: UInt64
  private let vocabularySize: Int

  /// The word that keeps the keys of this order apart from other uses of a seed: "windows" in ASCII.
  private static let purpose: UInt64 = 0x0077_696E_646F_7773

  /// Checks the sources and the mixture.
  /// - Parameters:
  ///   - weights: share of the samples for each source, of any scale; `nil` takes the sources' sizes, so that one
  ///     epoch of all ends together.
  ///   - stage: number of the training stage; each has an order of its own.
  ///   - shuffle: whether windows come in permuted order; otherwise in the order of the stream.
  ///   - firstSample: added to every sample number.
  ///   - vocabularySize: entries of the model's embedding, which every token must be below.
  /// - Throws: `CorpusError` naming the source or weight that is wrong.
  public init(
    sources: [TokenSource], weights: [Double]? = nil, sequenceLength: Int, seed: UInt64, stage: Int = 0,
    shuffle: Bool = true, firstSample: UInt64 = 0, vocabularySize: Int? = nil
  ) throws {
    guard sequenceLength > 0, sequenceLength < Int(Int32.max) else {
      throw CorpusError("The sequence length \(sequenceLength)", "must be a positive number of tokens")
    }
    guard !sources.isEmpty else { throw CorpusError("The mixture", "has no source; name at least one folder") }
    if let weights, weights.count != sources.count {
      throw CorpusError(
        "The mixture", "has \(weights.count) weights for \(sources.count) sources; give one weight for each")
    }
    for source in sources where source.windowCount(sequenceLength: sequenceLength) == 0 {
      throw CorpusError(
        source.folder,
        "holds \(source.tokenCount) tokens, too few for the sequence length \(sequenceLength): "
          + "\(sequenceLength + 1) make one sample")
    }
    if let first = sources.first(where: { $0.tokenizer != nil }) {
      for source in sources where source.tokenizer != nil && source.tokenizer != first.tokenizer {
        throw CorpusError(
          source.folder,
          "was made by the tokenizer \(source.tokenizer ?? ""), but \(first.folder) by \(first.tokenizer ?? "")")
      }
    }
    self.sources = sources
    self.sequenceLength = sequenceLength
    windowCounts = sources.map { UInt64($0.windowCount(sequenceLength: sequenceLength)) }
    interleave = try Interleave(weights: weights ?? windowCounts.map(Double.init))
    self.seed = seed
    self.stage = UInt64(bitPattern: Int64(stage))
    self.shuffle = shuffle
    self.firstSample = firstSample
    self.vocabularySize = min(vocabularySize ?? Int(Int32.max), Int(Int32.max))
  }

  /// Windows of each source: samples in one of its epochs.
  public var epochLengths: [Int] { windowCounts.map { Int($0) } }

  /// Where sample `n` comes from.
  public func origin(of n: UInt64) -> SampleOrigin {
    let (source, ordinal) = interleave.locate(firstSample &+ n)
    let (epoch, place) = ordinal.quotientAndRemainder(dividingBy: windowCounts[source])
    var window = place
    if shuffle {
      let key = SeedMixing.derive(seed, MixtureLoader.purpose, stage, UInt64(source), epoch)
      window = KeyedPermutation(count: windowCounts[source], key: key)[place]
    }
    return SampleOrigin(
      source: source, epoch: Int(epoch), window: Int(window), position: Int(window) * sequenceLength)
  }

  /// Reads sample `n`.
  /// - Parameters:
  ///   - tokens: `[sequenceLength + 1]`, filled.
  ///   - documentStarts: `[sequenceLength + 1]`, filled: for each token, where in the window its document begins; 0
  ///     when it began before the window.
  /// - Throws: `CorpusError` naming the folder when a token lies outside the vocabulary, `FileError` when a file cannot
  ///   be read any more.
  @discardableResult
  public func sample(
    _ n: UInt64, into tokens: UnsafeMutableBufferPointer<Int32>, documentStarts: UnsafeMutableBufferPointer<Int32>
  ) throws -> SampleOrigin {
    precondition(tokens.count == sequenceLength + 1 && documentStarts.count == sequenceLength + 1)
    let origin = origin(of: n)
    let source = sources[origin.source]
    let largest = try source.read(from: origin.position, into: tokens, documentStarts: documentStarts)
    guard largest < UInt32(vocabularySize) else {
      throw CorpusError(
        source.folder,
        "holds the token \(largest) after token \(origin.position), outside the vocabulary of \(vocabularySize)")
    }
    return origin
  }
}
