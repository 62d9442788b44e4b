import Formats

/// Looks into a folder of token files: sizes, lengths of the documents, and windows as text.
public struct DatasetInspector: Sendable {
  /// The data.
  public let source: TokenSource
  private let decode: @Sendable ([UInt32]) -> [UInt8]

  /// Opens a folder.
  /// - Parameter decode: the bytes of tokens.
  /// - Throws: as `TokenSource`.
  public init(_ folder: String, endOfText: UInt32? = nil, decode: @escaping @Sendable ([UInt32]) -> [UInt8]) throws {
    source = try TokenSource(folder, endOfText: endOfText)
    self.decode = decode
  }

  /// Sizes and document lengths.
  public func statistics() -> DatasetStatistics { DatasetStatistics(source) }

  /// Positions of `count` windows, spread over the data by the seed.
  public func positions(count: Int, sequenceLength: Int, seed: UInt64 = 0) -> [Int] {
    let windows = source.windowCount(sequenceLength: sequenceLength)
    guard windows > 0 else { return source.tokenCount > 0 && count > 0 ? [0] : [] }
    let order = KeyedPermutation(count: UInt64(windows), key: SeedMixing.derive(seed, UInt64(windows)))
    return (0..<min(count, windows)).map { Int(order[UInt64($0)]) * sequenceLength }
  }

  /// The text of `count` tokens from `position` on, with a line at each border between documents.
  ///
  /// Invalid UTF-8 shows as U+FFFD, and control characters other than newline and tab as U+00B7, so that no text
  /// steers the terminal.
  /// - Throws: `FileError` when a file cannot be read any more.
  public func text(position: Int, count: Int) throws -> String {
    let start = min(max(0, position), source.tokenCount)
    let count = min(max(0, count), source.tokenCount - start)
    var tokens = [Int32](repeating: 0, count: count)
    var starts = [Int32](repeating: 0, count: count)
    try tokens.withUnsafeMutableBufferPointer { tokens in
      try starts.withUnsafeMutableBufferPointer { starts in
        _ = try source.read(from: start, into: tokens, documentStarts: starts)
      }
    }
    var result = "──── tokens \(start) to \(start + count) ────\n"
    var i = 0
    while i < count {
      var end = i
      while end < count, starts[end] == starts[i] { end += 1 }
      if i > 0 { result += "──── document border, token \(start + i) ────\n" }
      let bytes = decode(tokens[i..<end].map { UInt32(bitPattern: $0) })
      result += DatasetInspector.printable(bytes)
      if !result.hasSuffix("\n") { result += "\n" }
      i = end
    }
    return result
  }

  private static func printable(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      let value = scalar.value
      let isControl = value < 0x20 && value != 0x0A && value != 0x09 || (0x7F...0x9F).contains(value)
      text.append(isControl ? "\u{B7}" : scalar)
    }
    return String(text)
  }
}
