import Corpora
import Formats
import Inference

/// One window of text to score: `tokens` are read and predicted, each but the first.
struct TokenWindow {
  var tokens: [Int32] = []
  /// For each token where in the window its document begins; 0 when it began at the first token or before.
  var documentStarts: [Int32] = []
}

/// Cuts text or token files into windows of `length + 1` tokens at stride `length`, the last one shorter.
protocol WindowSource {
  /// Tokens handed out so far, each counted once.
  var tokenCount: Int { get }
  /// UTF-8 bytes of the text that the tokens handed out so far stand for; known at the end.
  var textBytes: Int { get }
  /// Share of the data that has been handed out, 0 to 1.
  var fraction: Double { get }
  /// The next window, of at least two tokens; nil at the end.
  mutating func next(length: Int) throws -> TokenWindow?
}

/// Windows of a folder of token files.
struct TokenFolderWindows: WindowSource {
  private let source: TokenSource
  private let tokenizerVocabulary: Int
  private let model: LanguageModel
  private var position = 0
  private(set) var tokenCount = 0
  private var decodedBytes = 0
  private let bytesOfToken: [Int]?

  init(_ folder: String, model: LanguageModel) throws {
    source = try TokenSource(folder, endOfText: model.tokenizer.endOfText)
    self.model = model
    tokenizerVocabulary = model.configuration.vocabularySize
    guard source.textBytes == nil else {
      bytesOfToken = nil
      return
    }
    let tokenizer = model.tokenizer
    bytesOfToken = (0..<UInt32(tokenizer.vocabularySize)).map {
      tokenizer.isSpecial($0) ? 0 : tokenizer.token(for: $0)?.count ?? 0
    }
  }

  var textBytes: Int { source.textBytes ?? decodedBytes }
  var fraction: Double { Double(position) / Double(max(1, source.tokenCount)) }

  mutating func next(length: Int) throws -> TokenWindow? {
    let count = min(length + 1, source.tokenCount - position)
    guard count >= 2 else { return nil }
    var window = TokenWindow(
      tokens: [Int32](repeating: 0, count: count), documentStarts: [Int32](repeating: 0, count: count))
    let largest = try window.tokens.withUnsafeMutableBufferPointer { tokens in
      try window.documentStarts.withUnsafeMutableBufferPointer { starts in
        try source.read(from: position, into: tokens, documentStarts: starts)
      }
    }
    guard largest < tokenizerVocabulary else {
      throw CorpusError(
        source.folder,
        "holds the token \(largest), but the model's vocabulary ends at \(tokenizerVocabulary - 1); it was made by "
          + "another tokenizer\(source.tokenizer.map { ", \($0)" } ?? "")")
    }
    let isFirst = position == 0
    if let bytesOfToken {
      for token in window.tokens.dropFirst(isFirst ? 0 : 1) where Int(token) < bytesOfToken.count {
        decodedBytes += bytesOfToken[Int(token)]
      }
    }
    tokenCount += isFirst ? count : count - 1
    position += count - 1
    return window
  }
}

/// Windows of text files, tokenised as they are read.
struct TextWindows: WindowSource {
  private let reader: DocumentReader
  private let model: LanguageModel
  private var tokens: [Int32] = []
  /// Where documents begin among `tokens`.
  private var starts: [Int] = []
  private var used = 0
  private(set) var tokenCount = 0
  private(set) var textBytes = 0

  init(_ path: String, field: String, model: LanguageModel) throws {
    reader = try DocumentReader([path], field: field)
    self.model = model
  }

  var fraction: Double { Double(reader.readBytes) / Double(max(1, reader.totalBytes)) }

  mutating func next(length: Int) throws -> TokenWindow? {
    while tokens.count - used < length + 1, let document = try reader.next() {
      if used > 1 << 20 {
        tokens.removeFirst(used)
        starts = starts.compactMap { $0 < used ? nil : $0 - used }
        used = 0
      }
      starts.append(tokens.count)
      document.withBytes { bytes in
        textBytes += bytes.count
        tokens += model.tokenizer.encode(bytes).map { Int32(bitPattern: $0) }
      }
      if let end = model.tokenizer.endOfText { tokens.append(Int32(bitPattern: end)) }
    }
    let count = min(length + 1, tokens.count - used)
    guard count >= 2 else { return nil }
    var window = TokenWindow(tokens: Array(tokens[used..<used + count]))
    window.documentStarts.reserveCapacity(count)
    let borders = starts.drop { $0 < used }
    var border = borders.startIndex
    var current: Int32 = 0
    for i in 0..<count {
      while border < borders.endIndex, borders[border] == used + i {
        current = Int32(i)
        border += 1
      }
      window.documentStarts.append(current)
    }
    tokenCount += tokenCount == 0 ? count : count - 1
    used += count - 1
    starts.removeAll { $0 < used }
    return window
  }
}
