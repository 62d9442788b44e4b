import Formats

/// Streams the documents of files and folders, in the order of the inputs.
///
/// Plain text passes through byte for byte, whatever it holds. Of JSON lines one string field is taken, of Parquet one
/// column of strings.
public final class DocumentReader {
  /// What happens to a line that is no JSON object with the field, or a row whose column is null.
  public enum MalformedLines: Sendable, Equatable {
    /// Reading stops with an error that names file and line.
    case fail
    /// The line is passed over and counted.
    case skip
  }

  /// The files that are read.
  public let files: [InputFile]
  /// Lines passed over because they were malformed.
  public private(set) var skippedLines = 0
  /// Documents passed over because they hold no byte.
  public private(set) var emptyDocuments = 0
  private let field: String
  private let malformedLines: MalformedLines
  private var fileIndex = 0
  private var lines: LineReader?
  private var rows: ParquetDocuments?
  private var finishedBytes = 0

  /// Lists the inputs.
  /// - Parameters:
  ///   - paths: files and folders.
  ///   - field: the field of JSON lines, and the column of Parquet files, that holds the text.
  /// - Throws: as `InputFile.enumerate`.
  public init(_ paths: [String], field: String = "text", malformedLines: MalformedLines = .fail) throws {
    files = try InputFile.enumerate(paths)
    self.field = field
    self.malformedLines = malformedLines
  }

  /// Size of all files on disk in bytes.
  public var totalBytes: Int { files.reduce(0) { $0 + $1.byteCount } }

  /// How many of these bytes are read so far.
  public var readBytes: Int { finishedBytes + (lines?.position ?? rows?.position ?? 0) }

  /// The next document that is not empty; `nil` after the last.
  /// - Throws: `FileError` or `ParquetError` for an unreadable or damaged file, `JSONError` or `CorpusError` for a
  ///   malformed line or row.
  public func next() throws -> Document? {
    while fileIndex < files.count {
      let file = files[fileIndex]
      switch file.layout {
      case .text:
        finishFile(file)
        let document = Document(source: file.path, line: nil, content: try content(file))
        if document.byteCount > 0 { return document }
        emptyDocuments += 1
      case .jsonLines:
        let reader = try lines ?? LineReader(file.path, isCompressed: file.isCompressed)
        lines = reader
        if let document = try nextLine(reader, file) { return document }
        lines = nil
        finishFile(file)
      case .parquet:
        let reader = try rows ?? ParquetDocuments(file, column: field)
        rows = reader
        if let document = try nextRow(reader) { return document }
        rows = nil
        finishFile(file)
      }
    }
    return nil
  }

  private func nextRow(_ reader: ParquetDocuments) throws -> Document? {
    while true {
      do {
        guard let document = try reader.next() else { return nil }
        if document.byteCount > 0 { return document }
        emptyDocuments += 1
      } catch let error as CorpusError {
        guard malformedLines == .skip else { throw error }
        skippedLines += 1
      }
    }
  }

  private func content(_ file: InputFile) throws -> Document.Content {
    if file.isCompressed { return .bytes(try GzipReader.contents(ofFile: file.path)) }
    let mapped = try MappedFile(file.path, advice: .sequential)
    // A process may hold some 65,000 mappings, so only large files stay mapped.
    return mapped.bytes.count < 1 << 22 ? .bytes(mapped.withBytes { Array($0) }) : .file(mapped)
  }

  private func finishFile(_ file: InputFile) {
    fileIndex += 1
    finishedBytes += file.byteCount
  }

  private func nextLine(_ reader: LineReader, _ file: InputFile) throws -> Document? {
    let extractor = JSONLines(name: file.path, key: field)
    while let line = try reader.nextNotBlank() {
      do {
        let text = try extractor.field(ofLine: line, number: reader.lineNumber)
        if text.isEmpty {
          emptyDocuments += 1
          continue
        }
        return Document(source: file.path, line: reader.lineNumber, content: .bytes(text))
      } catch {
        guard malformedLines == .skip else { throw error }
        skippedLines += 1
      }
    }
    return nil
  }
}
