import Formats

/// The token files of one folder, read as one stream of tokens in the order of their names.
///
/// A sample is a window of `sequenceLength + 1` tokens at stride `sequenceLength`, so each token but the first is a
/// target once. Windows run across files; documents do not.
public struct TokenSource: Sendable {
  /// The folder.
  public let folder: String
  /// Its `.ds` files, sorted by name; folders inside are not searched.
  public let files: [TokenFile]
  /// Where each file begins in the stream, and the stream's end.
  public let fileStarts: [Int]
  /// Bytes of the text that the tokens came from, if `summary.json` says so for every file.
  public let textBytes: Int?
  private let endOfText: UInt32?

  /// Opens and checks a folder's token files.
  /// - Parameters:
  ///   - tokenSize: bytes of a token, for files that do not say.
  ///   - endOfText: the token that ends documents, for files without an index.
  /// - Throws: `CorpusError` when there is no token file or one is damaged, `FileError` when one cannot be read.
  public init(_ folder: String, tokenSize: Int? = nil, endOfText: UInt32? = nil) throws {
    self.folder = folder
    self.endOfText = endOfText
    guard Paths.exists(folder) else { throw FileError(path: folder, problem: "does not exist") }
    guard Paths.isFolder(folder) else { throw CorpusError(folder, "is a file; name the folder of its token files") }
    let names = try Paths.names(inFolder: folder).filter { $0.hasSuffix(".ds") }
    guard !names.isEmpty else {
      throw CorpusError(folder, "holds no token files (.ds); make some with: apus data prepare")
    }
    files = try names.map { try TokenFile(folder.appendingPath($0), tokenSize: tokenSize) }
    fileStarts = files.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.tokenCount) }
    if let first = files.first(where: { $0.tokenizer != nil }) {
      for file in files where file.tokenizer != nil && file.tokenizer != first.tokenizer {
        throw CorpusError(
          file.path, "was made by the tokenizer \(file.tokenizer ?? ""), but \(first.path) by \(first.tokenizer ?? "")")
      }
    }
    let sizes = try PrepareSummary.textBytes(inFolder: folder)
    var total: Int? = 0
    for (name, file) in zip(names, files) {
      if let size = sizes?[name], size.tokens == file.tokenCount {
        total = total.map { $0 + size.textBytes }
      } else {
        total = nil
      }
    }
    textBytes = total
  }

  /// Tokens in all files.
  public var tokenCount: Int { fileStarts[files.count] }

  /// The tokenizer that the files name.
  public var tokenizer: String? { files.lazy.compactMap(\.tokenizer).first }

  /// Documents in all files; `nil` when a file has no index.
  public var documentCount: Int? {
    files.reduce(Optional(0)) { total, file in total.flatMap { sum in file.documentCount.map { sum + $0 } } }
  }

  /// Windows of `sequenceLength + 1` tokens at stride `sequenceLength`.
  public func windowCount(sequenceLength: Int) -> Int { max(0, (tokenCount - 1) / sequenceLength) }

  /// Copies the tokens from `position` on.
  /// - Parameters:
  ///   - tokens: filled whole.
  ///   - documentStarts: as many entries: for each token, where in `tokens` its document begins; 0 when it began at
  ///     the first token or before.
  /// - Returns: the largest token.
  /// - Throws: `FileError` when a file cannot be read any more.
  @discardableResult
  public func read(
    from position: Int, into tokens: UnsafeMutableBufferPointer<Int32>,
    documentStarts: UnsafeMutableBufferPointer<Int32>
  ) throws(FileError) -> UInt32 {
    precondition(position >= 0 && position + tokens.count <= tokenCount && documentStarts.count == tokens.count)
    var index = fileIndex(at: position)
    var filled = 0
    var largest: UInt32 = 0
    while filled < tokens.count {
      let file = files[index]
      let start = position + filled - fileStarts[index]
      let count = min(tokens.count - filled, file.tokenCount - start)
      if count > 0 {
        let piece = filled..<filled + count
        largest = max(largest, try file.copy(from: start, into: UnsafeMutableBufferPointer(rebasing: tokens[piece])))
        fillDocumentStarts(file, start, tokens, documentStarts, piece)
        filled += count
      }
      index += 1
    }
    return largest
  }

  /// The last file that begins at or before `position`.
  private func fileIndex(at position: Int) -> Int {
    var (low, high) = (0, files.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if fileStarts[middle] <= position { low = middle } else { high = middle - 1 }
    }
    return low
  }

  private func fillDocumentStarts(
    _ file: TokenFile, _ start: Int, _ tokens: UnsafeMutableBufferPointer<Int32>,
    _ documentStarts: UnsafeMutableBufferPointer<Int32>, _ piece: Range<Int>
  ) {
    // The piece begins at a file's start, where a document begins too, or at the window's own start.
    var current = Int32(piece.lowerBound)
    guard var document = file.document(at: start) else {
      for i in piece {
        documentStarts[i] = current
        if let endOfText, tokens[i] == Int32(truncatingIfNeeded: endOfText) { current = Int32(i + 1) }
      }
      return
    }
    var i = piece.lowerBound
    while i < piece.upperBound {
      let end = min(piece.upperBound, piece.lowerBound + file.documentEnd(document) - start)
      while i < end {
        documentStarts[i] = current
        i += 1
      }
      current = Int32(i)
      document += 1
    }
  }
}
