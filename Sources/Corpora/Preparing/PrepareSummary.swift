import Formats

/// What one run of `PrepareJob` did, and `summary.json`.
public struct PrepareSummary: Sendable, Equatable {
  /// One token file.
  public struct File: Sendable, Equatable {
    /// Its name in the folder.
    public var name: String
    /// Documents in it.
    public var documents: Int
    /// Tokens in it, the end-of-text tokens included.
    public var tokens: Int
    /// Bytes of the documents' text, for bits per byte.
    public var textBytes: Int
  }

  /// Name or path of the tokenizer.
  public var tokenizer: String
  /// Entries of its vocabulary.
  public var vocabularySize: Int
  /// The files to train on.
  public var training: [File]
  /// The files in `validation/`; empty when no document was chosen for it.
  public var validation: [File]
  /// Documents dropped because an earlier one has the same bytes.
  public var duplicates: Int
  /// Documents passed over because they hold no byte.
  public var emptyDocuments: Int
  /// Lines passed over because they were malformed.
  public var skippedLines: Int
  /// Time that the run took, in seconds.
  public var seconds: Double

  /// Documents written.
  public var documents: Int { (training + validation).reduce(0) { $0 + $1.documents } }
  /// Tokens written.
  public var tokens: Int { (training + validation).reduce(0) { $0 + $1.tokens } }
  /// Bytes of the text written.
  public var textBytes: Int { (training + validation).reduce(0) { $0 + $1.textBytes } }
  /// Tokens for a byte of text.
  public var tokensPerByte: Double { textBytes == 0 ? 0 : Double(tokens) / Double(textBytes) }
  /// Megabytes (10^6 bytes) of text a second.
  public var megabytesPerSecond: Double { seconds > 0 ? Double(textBytes) / seconds / 1e6 : 0 }

  /// The value of `summary.json`.
  public var json: JSON {
    [
      "tokenizer": .string(tokenizer), "vocabulary_size": JSON(vocabularySize), "documents": JSON(documents),
      "duplicates_dropped": JSON(duplicates), "empty_documents": JSON(emptyDocuments),
      "skipped_lines": JSON(skippedLines), "tokens": JSON(tokens), "text_bytes": JSON(textBytes),
      "tokens_per_byte": JSON(tokensPerByte), "seconds": JSON(seconds),
      "megabytes_per_second": JSON(megabytesPerSecond), "files": PrepareSummary.json(training),
      "validation_files": PrepareSummary.json(validation),
    ]
  }

  static func json(_ files: [File]) -> JSON {
    .array(
      files.map {
        [
          "name": .string($0.name), "documents": JSON($0.documents), "tokens": JSON($0.tokens),
          "text_bytes": JSON($0.textBytes),
        ]
      })
  }

  /// The files that a folder's `summary.json` lists, by name; `nil` when there is none.
  /// - Throws: `FileError` or `JSONError` when it cannot be read.
  static func textBytes(inFolder folder: String) throws -> [String: (tokens: Int, textBytes: Int)]? {
    let path = folder.appendingPath("summary.json")
    guard Paths.exists(path) else { return nil }
    var result: [String: (tokens: Int, textBytes: Int)] = [:]
    for file in try JSON.parse(contentsOfFile: path)["files"]?.arrayValue ?? [] {
      guard let name = file["name"]?.stringValue, let tokens = file["tokens"]?.intValue,
        let bytes = file["text_bytes"]?.intValue
      else { continue }
      result[name] = (tokens, bytes)
    }
    return result
  }
}
