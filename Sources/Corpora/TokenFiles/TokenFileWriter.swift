import Formats

/// Writes one token file of datatrove's format: raw little-endian tokens (`.ds`), the documents' cumulative ends in
/// tokens (`.ds.index`) and a description (`.ds.metadata`).
///
/// The files appear when `commit()` succeeds, the tokens last.
public final class TokenFileWriter {
  /// The path of the `.ds` file.
  public let path: String
  /// Bytes of a token: 2 when the vocabulary has at most 65,536 entries, else 4.
  public let tokenSize: Int
  /// Tokens so far.
  public private(set) var tokenCount = 0
  /// Documents so far.
  public private(set) var documentCount = 0
  private let tokenizer: String
  private let tokens: FileWriter
  private let index: FileWriter

  /// Bytes that a token takes in a file.
  public static func tokenSize(vocabularySize: Int) -> Int { vocabularySize <= 65_536 ? 2 : 4 }

  /// Begins a file.
  /// - Parameters:
  ///   - path: ends in `.ds`.
  ///   - tokenizer: name or path of the tokenizer, for the description.
  ///   - tokenSize: 2 or 4.
  /// - Throws: `FileError` when the folder cannot be written to.
  public init(_ path: String, tokenizer: String, tokenSize: Int) throws {
    precondition(tokenSize == 2 || tokenSize == 4)
    self.path = path
    self.tokenSize = tokenSize
    // A newline would break the description's lines.
    self.tokenizer = String(tokenizer.map { $0.isNewline ? " " : $0 })
    tokens = try FileWriter(path, bufferSize: 1 << 20)
    index = try FileWriter(path + ".index")
  }

  /// Appends one document whose tokens, the end-of-text token included, are packed as `pack` does.
  /// - Throws: `FileError` when the disk refuses.
  public func append(packed document: [UInt8]) throws {
    precondition(document.count % tokenSize == 0)
    try tokens.write(document)
    tokenCount += document.count / tokenSize
    documentCount += 1
    try withUnsafeBytes(of: UInt64(tokenCount).littleEndian) { try index.write($0) }
  }

  /// Appends one document, the end-of-text token included.
  /// - Throws: `CorpusError` for a token that does not fit the token size, `FileError` when the disk refuses.
  public func append(_ document: [UInt32]) throws {
    guard let packed = TokenFileWriter.pack(document, tokenSize: tokenSize) else {
      throw CorpusError(path, "cannot hold a token above 65535 in 2 bytes; write it with a token size of 4")
    }
    try append(packed: packed)
  }

  /// The little-endian bytes of tokens; `nil` when one does not fit.
  public static func pack(_ document: [UInt32], tokenSize: Int) -> [UInt8]? {
    if tokenSize == 4 {
      return [UInt8](unsafeUninitializedCapacity: 4 * document.count) { buffer, count in
        let output = UnsafeMutableRawBufferPointer(buffer)
        for (i, token) in document.enumerated() {
          output.storeBytes(of: token.littleEndian, toByteOffset: 4 * i, as: UInt32.self)
        }
        count = 4 * document.count
      }
    }
    if document.contains(where: { $0 > 65_535 }) { return nil }
    return [UInt8](unsafeUninitializedCapacity: 2 * document.count) { buffer, count in
      let output = UnsafeMutableRawBufferPointer(buffer)
      for (i, token) in document.enumerated() {
        output.storeBytes(of: UInt16(truncatingIfNeeded: token).littleEndian, toByteOffset: 2 * i, as: UInt16.self)
      }
      count = 2 * document.count
    }
  }

  /// Puts the three files in place.
  /// - Throws: `FileError` when the disk refuses.
  public func commit() throws {
    do {
      try index.commit()
      let metadata = TokenFileMetadata(tokenizer: tokenizer, tokenSize: tokenSize, tokenCount: tokenCount)
      try AtomicFile.write(metadata.text, to: path + ".metadata")
      try tokens.commit()
    } catch {
      discard()
      throw error
    }
  }

  /// Gives the files up.
  public func discard() {
    tokens.discard()
    index.discard()
  }
}
