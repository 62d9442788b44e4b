import Formats

/// One document of a corpus and where it came from.
public struct Document: Sendable {
  enum Content: Sendable {
    case bytes([UInt8])
    case file(MappedFile)
  }

  /// The file that it came from.
  public let source: String
  /// Its line or row in that file, from 1, when the file holds one document a line or row.
  public let line: Int?
  let content: Content

  /// Length of the text in bytes.
  public var byteCount: Int {
    switch content {
    case .bytes(let bytes): bytes.count
    case .file(let file): file.bytes.count
    }
  }

  /// Runs `body` on the text's bytes, which need not be valid UTF-8 when they come from a plain text file.
  public func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    switch content {
    case .bytes(let bytes): try bytes.withUnsafeBufferPointer(body)
    case .file(let file): try file.withBytes(body)
    }
  }
}
