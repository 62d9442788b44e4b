import Formats

/// A token file of datatrove's format, checked.
///
/// Index and metadata may be missing, as in files of other programs, if the token size is known otherwise.
public final class TokenFile: Sendable {
  /// The path of the `.ds` file.
  public let path: String
  /// Bytes of a token, 2 or 4.
  public let tokenSize: Int
  /// Tokens in the file.
  public let tokenCount: Int
  /// The tokenizer that the metadata names.
  public let tokenizer: String?
  private let tokens: RandomAccessFile
  private let index: MappedFile?

  /// Opens a file and checks it against its index and metadata.
  /// - Parameter tokenSize: bytes of a token, for a file that does not say.
  /// - Throws: `FileError` when it cannot be read, `CorpusError` when the files disagree or the token size is unknown.
  public init(_ path: String, tokenSize given: Int? = nil) throws {
    self.path = path
    tokens = try RandomAccessFile(path)
    let metadata = try TokenFileMetadata(contentsOfFile: path + ".metadata")
    tokenizer = metadata?.tokenizer
    index = Paths.exists(path + ".index") ? try MappedFile(path + ".index") : nil
    let byteCount = tokens.byteCount
    let last = try index.map { try TokenFile.check($0) }

    if let size = metadata?.tokenSize ?? given {
      tokenSize = size
    } else if let count = last ?? metadata?.tokenCount, count > 0, [2, 4].contains(where: { $0 * count == byteCount }) {
      tokenSize = byteCount / count
    } else {
      throw CorpusError(path, "does not say how many bytes a token has: neither metadata nor index tell 2 or 4")
    }
    guard tokenSize == 2 || tokenSize == 4 else { throw CorpusError(path, "cannot have tokens of \(tokenSize) bytes") }
    guard byteCount % tokenSize == 0 else {
      throw CorpusError(path, "is damaged: \(byteCount) bytes are no whole number of \(tokenSize)-byte tokens")
    }
    tokenCount = byteCount / tokenSize
    if let last, last != tokenCount {
      throw CorpusError(path, "is damaged: it holds \(tokenCount) tokens, but its index ends at \(last)")
    }
    if let metadata, metadata.tokenCount != tokenCount {
      throw CorpusError(path, "is damaged: it holds \(tokenCount) tokens, but its metadata says \(metadata.tokenCount)")
    }
  }

  /// Documents in the file; `nil` without an index.
  public var documentCount: Int? { index.map { $0.bytes.count / 8 } }

  /// Where document `document` ends, in tokens from the start of the file. Needs an index.
  public func documentEnd(_ document: Int) -> Int {
    guard let index else { preconditionFailure("TokenFile: \(path) has no index") }
    return Int(UInt64(littleEndian: index.bytes.loadUnaligned(fromByteOffset: 8 * document, as: UInt64.self)))
  }

  /// The document that holds the token at `position`; `nil` without an index.
  public func document(at position: Int) -> Int? {
    guard let count = documentCount else { return nil }
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if documentEnd(middle) <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Copies tokens from `position` on into all of `output`, and returns the largest of them.
  /// - Throws: `FileError` when they cannot be read.
  public func copy(from position: Int, into output: UnsafeMutableBufferPointer<Int32>) throws(FileError) -> UInt32 {
    precondition(position >= 0 && position + output.count <= tokenCount)
    let bytes = UnsafeMutableRawBufferPointer(output)
    // Narrow tokens are read into the upper half and widened from the front: none is overwritten before its turn.
    let unread = output.count * (4 - tokenSize)
    try tokens.read(at: position * tokenSize, into: UnsafeMutableRawBufferPointer(rebasing: bytes[unread...]))
    var largest: UInt32 = 0
    for i in 0..<output.count {
      let at = unread + i * tokenSize
      let token =
        tokenSize == 2
        ? UInt32(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
        : UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
      largest = max(largest, token)
      output[i] = Int32(truncatingIfNeeded: token)
    }
    return largest
  }

  /// Checks that the ends never fall, and returns the last.
  private static func check(_ index: MappedFile) throws -> Int {
    let bytes = index.bytes
    guard bytes.count % 8 == 0 else {
      throw CorpusError(index.path, "is damaged: \(bytes.count) bytes are no whole number of 8-byte document ends")
    }
    var last: UInt64 = 0
    for document in 0..<bytes.count / 8 {
      let end = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * document, as: UInt64.self))
      guard end >= last, end <= UInt64(Int32.max) << 16 else {
        throw CorpusError(index.path, "is damaged: document \(document) ends at \(end), after one that ends at \(last)")
      }
      last = end
    }
    return Int(last)
  }
}
