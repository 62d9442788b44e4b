import Formats

/// Sizes of a folder of token files and the distribution of its documents' lengths.
public struct DatasetStatistics: Sendable, Equatable {
  /// Documents whose length lies in a range.
  public struct Bucket: Sendable, Equatable {
    /// Lengths in tokens.
    public var lengths: Range<Int>
    /// Documents of such a length.
    public var documents: Int
  }

  /// The folder.
  public var folder: String
  /// The tokenizer that the files name.
  public var tokenizer: String?
  /// Token files.
  public var files: Int
  /// Tokens in all files.
  public var tokens: Int
  /// Bytes of text, if known.
  public var textBytes: Int?
  /// Documents in all files that have an index.
  public var documents: Int
  /// Mean length in tokens.
  public var meanLength: Double
  /// Median length in tokens, the lower one of two.
  public var medianLength: Int
  /// Length of the longest document in tokens.
  public var longestLength: Int
  /// Lengths by powers of two, without empty ranges at either end.
  public var histogram: [Bucket]

  /// Counts the documents of token files.
  public init(_ source: TokenSource) {
    folder = source.folder
    tokenizer = source.tokenizer
    files = source.files.count
    tokens = source.tokenCount
    textBytes = source.textBytes
    var lengths: [Int] = []
    lengths.reserveCapacity(source.documentCount ?? 0)
    for file in source.files {
      var previous = 0
      for document in 0..<(file.documentCount ?? 0) {
        let end = file.documentEnd(document)
        lengths.append(end - previous)
        previous = end
      }
    }
    lengths.sort()
    documents = lengths.count
    meanLength = lengths.isEmpty ? 0 : Double(lengths.reduce(0, +)) / Double(lengths.count)
    medianLength = lengths.isEmpty ? 0 : lengths[(lengths.count - 1) / 2]
    longestLength = lengths.last ?? 0
    var counts: [Int] = []
    for length in lengths {
      let bucket = Int.bitWidth - length.leadingZeroBitCount
      while counts.count <= bucket { counts.append(0) }
      counts[bucket] += 1
    }
    let first = counts.firstIndex { $0 > 0 } ?? counts.count
    histogram = (first..<counts.count).map {
      Bucket(lengths: ($0 == 0 ? 0 : 1 << ($0 - 1))..<(1 << $0), documents: counts[$0])
    }
  }

  /// Several lines for people, with a histogram of the lengths.
  public var text: String {
    var lines = ["\(folder): \(files) files, \(tokens) tokens, \(documents) documents"]
    if let tokenizer { lines.append("tokenizer: \(tokenizer)") }
    if let textBytes, textBytes > 0 {
      let ratio = (Double(tokens) / Double(textBytes) * 1000).rounded() / 1000
      lines.append("text: \(textBytes) bytes, \(ratio) tokens a byte")
    }
    if documents > 0 {
      let mean = (meanLength * 10).rounded() / 10
      lines.append("document length in tokens: mean \(mean), median \(medianLength), longest \(longestLength)")
      let most = histogram.map(\.documents).max() ?? 1
      let labels = histogram.map { "\($0.lengths.lowerBound)–\($0.lengths.upperBound - 1)" }
      let width = labels.map(\.count).max() ?? 0
      for (label, bucket) in zip(labels, histogram) {
        let bar = String(repeating: "█", count: (40 * bucket.documents + most - 1) / most)
        lines.append(String(repeating: " ", count: width - label.count) + "\(label) \(bar) \(bucket.documents)")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The same as JSON.
  public var json: JSON {
    [
      "folder": .string(folder), "tokenizer": tokenizer.map { .string($0) } ?? nil, "files": JSON(files),
      "tokens": JSON(tokens), "text_bytes": textBytes.map { JSON($0) } ?? nil, "documents": JSON(documents),
      "mean_length": JSON(meanLength), "median_length": JSON(medianLength), "longest_length": JSON(longestLength),
      "histogram": .array(
        histogram.map {
          [
            "from": JSON($0.lengths.lowerBound), "below": JSON($0.lengths.upperBound), "documents": JSON($0.documents),
          ]
        }),
    ]
  }
}
