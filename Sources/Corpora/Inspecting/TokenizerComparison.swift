import Formats
public import Tokenization

/// Compares tokenizers on the same texts.
public enum TokenizerComparison {
  /// Reads the documents of a file or folder and measures every tokenizer on them.
  /// - Parameters:
  ///   - path: text or JSON lines.
  ///   - field: the field of JSON lines that holds the text.
  ///   - limit: bytes to read at most; whole documents from the beginning.
  ///   - threads: how many threads encode.
  ///   - progress: is told the bytes read so far.
  /// - Returns: one result a tokenizer, in their order.
  /// - Throws: as `DocumentReader`, and `CorpusError` when there is no word in the text.
  public static func measure(
    _ tokenizers: [Tokenizer], on path: String, field: String = "text", limit: Int = .max, threads: Int = 1,
    progress: (Int) -> Void = { _ in }
  ) throws -> [TokenizerFertility] {
    var results = tokenizers.map { _ in TokenizerFertility() }
    var words: [[UInt8]: Int] = [:]
    let segmenter = WordSegmenter()
    let reader = try DocumentReader([path], field: field)
    var bytesRead = 0
    var batch: [[UInt8]] = []
    var batchBytes = 0
    func flush() {
      for (index, tokenizer) in tokenizers.enumerated() {
        for (document, ids) in zip(batch, tokenizer.encode(batch: batch, threads: threads)) {
          results[index].add(documentBytes: document.count, tokens: ids.count)
        }
      }
      (batch, batchBytes) = ([], 0)
    }
    while bytesRead < limit, let document = try reader.next() {
      let bytes = document.withBytes { Array($0) }
      let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
      segmenter.forEachPiece(of: scalars) { range, isWord in
        guard isWord else { return }
        words[scalars[range].flatMap { UTF8.encode($0) ?? UTF8.encodedReplacementCharacter }, default: 0] += 1
      }
      bytesRead += bytes.count
      batch.append(bytes)
      batchBytes += bytes.count
      if batchBytes >= 1 << 20 { flush() }
      progress(bytesRead)
    }
    flush()
    guard !words.isEmpty else { throw CorpusError(path, "holds no word to compare tokenizers on") }
    let distinct = Array(words)
    for (index, tokenizer) in tokenizers.enumerated() {
      for (ids, word) in zip(tokenizer.encode(batch: distinct.map(\.key), threads: threads), distinct) {
        results[index].add(wordTokens: ids.count, times: word.value)
      }
    }
    return results
  }
}
