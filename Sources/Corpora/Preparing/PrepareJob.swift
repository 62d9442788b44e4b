import Formats
import Foundation

/// Turns text into token files: reads, drops exact duplicates, tokenizes on all cores, splits off validation documents.
///
/// The token files depend on the inputs and settings alone, never on the number of threads. The output folder appears
/// when everything in it is complete.
public struct PrepareJob: Sendable {
  /// How far a run is.
  public struct Progress: Sendable {
    /// Text bytes read so far.
    public var textBytes: Int
    /// Bytes on disk of the input files that are read so far.
    public var readBytes: Int
    /// Bytes on disk of all input files.
    public var totalBytes: Int
    /// Documents written so far.
    public var documents: Int
    /// Tokens written so far.
    public var tokens: Int
    /// Duplicates dropped so far.
    public var duplicates: Int
    /// Time since the start, in seconds.
    public var seconds: Double

    /// Share of the input files that is read, 0 to 1.
    public var fraction: Double { Double(readBytes) / Double(max(1, totalBytes)) }
  }

  /// Files and folders of text.
  public var inputs: [String]
  /// The folder to write.
  public var output: String
  /// The tokenizer.
  public var encoder: DocumentEncoder
  /// Share of the documents that goes to `OUTPUT/validation`, from 0 to below 1.
  public var validation = 0.0
  /// The middle of the files' names, `000_NAME.ds`; by default the output folder's name.
  public var name: String?
  /// The field of JSON lines that holds the text.
  public var field = "text"
  /// What happens to malformed lines.
  public var malformedLines = DocumentReader.MalformedLines.fail
  /// Whether token files that stand in the output folder are replaced.
  public var overwrite = false
  /// A file is closed before it would grow beyond this.
  public var maximumFileBytes = 1 << 30
  /// Threads that hash and tokenize; 0 takes all cores.
  public var threads = 0
  /// Text held in memory at once, in bytes; one document may exceed it.
  public var batchBytes = 16 << 20

  /// A job with default settings.
  public init(inputs: [String], output: String, encoder: DocumentEncoder) {
    self.inputs = inputs
    self.output = output
    self.encoder = encoder
  }

  /// Runs the job.
  /// - Parameter progress: called after every batch; what it throws ends the run and leaves nothing behind.
  /// - Throws: `CorpusError`, `FileError` or `JSONError`; then the output folder is as it was before.
  public func run(progress: (Progress) throws -> Void = { _ in }) throws -> PrepareSummary {
    let start = DispatchTime.now().uptimeNanoseconds
    func seconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
    try checkSettings()
    let replacing = try OutputFolder.check(output, overwrite: overwrite)
    let reader = try DocumentReader(inputs, field: field, malformedLines: malformedLines)
    try AtomicFolder.removeAbandoned(of: output)
    let folder = try AtomicFolder(output)
    defer { folder.discard() }

    let name = fileName(folder.path)
    let training = TokenFolderWriter(
      folder: folder.partialPath, name: name, encoder: encoder, maximumFileBytes: maximumFileBytes)
    let held = TokenFolderWriter(
      folder: folder.partialPath.appendingPath("validation"), name: name, encoder: encoder,
      maximumFileBytes: maximumFileBytes)
    var seen = DocumentHashes()
    var documents = 0
    var textBytes = 0

    while true {
      let batch = try readBatch(reader)
      if batch.isEmpty { break }
      let hashes = parallelMap(count: batch.count, threads: threadCount) { DocumentHash(batch[$0]) }
      let kept = batch.indices.filter { seen.insert(hashes[$0]) }
      let packed = parallelMap(count: kept.count, threads: threadCount) { i in
        Result { try encode(batch[kept[i]]) }
      }
      for (i, tokens) in zip(kept, packed) {
        let destination = hashes[i].fraction < validation ? held : training
        try destination.append(packed: try tokens.get(), textBytes: batch[i].byteCount)
      }
      documents += kept.count
      textBytes += batch.reduce(0) { $0 + $1.byteCount }
      try progress(
        Progress(
          textBytes: textBytes, readBytes: reader.readBytes, totalBytes: reader.totalBytes, documents: documents,
          tokens: training.tokenCount + held.tokenCount, duplicates: seen.duplicates, seconds: seconds()))
    }

    guard documents > 0 else {
      throw CorpusError(inputs.joined(separator: ", "), "has no documents: every text in it is empty")
    }
    guard training.tokenCount > 0 else {
      throw CorpusError(
        "validation \(validation)",
        "took all \(documents) documents and left none to train on; lower it or add documents")
    }
    try training.finish()
    if held.tokenCount > 0 { try held.finish() }
    var summary = PrepareSummary(
      tokenizer: encoder.name, vocabularySize: encoder.vocabularySize, training: training.files,
      validation: held.files, duplicates: seen.duplicates, emptyDocuments: reader.emptyDocuments,
      skippedLines: reader.skippedLines, seconds: 0)
    if !held.files.isEmpty {
      let files: JSON = ["tokenizer": .string(encoder.name), "files": PrepareSummary.json(held.files)]
      try AtomicFile.write(
        files.serialized(pretty: true), to: folder.partialPath.appendingPath("validation/summary.json"))
    }
    summary.seconds = seconds()
    try AtomicFile.write(summary.json.serialized(pretty: true), to: folder.partialPath.appendingPath("summary.json"))
    try folder.commit(replacing: replacing)
    return summary
  }

  private var threadCount: Int { threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount }

  private func checkSettings() throws {
    guard validation >= 0, validation < 1 else {
      throw CorpusError("validation \(validation)", "is no share of the documents; give 0 or more and less than 1")
    }
    guard encoder.vocabularySize > 0, encoder.vocabularySize <= Int(Int32.max) else {
      throw CorpusError(encoder.name, "has an impossible vocabulary of \(encoder.vocabularySize) entries")
    }
    if let end = encoder.endOfText, Int(end) >= encoder.vocabularySize {
      throw CorpusError(
        encoder.name, "has the end-of-text token \(end) outside its vocabulary of \(encoder.vocabularySize)")
    }
    guard maximumFileBytes > 0, batchBytes > 0 else {
      throw CorpusError("The file and batch sizes", "must be positive")
    }
  }

  private func fileName(_ output: String) -> String {
    let wanted = name ?? output.lastPathPart
    let cleaned = String(
      wanted.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == ".") ? $0 : "_" })
    return cleaned.allSatisfy { $0 == "." } ? "tokens" : cleaned
  }

  private func readBatch(_ reader: DocumentReader) throws -> [Document] {
    var batch: [Document] = []
    var bytes = 0
    while bytes < batchBytes, batch.count < 1 << 16, let document = try reader.next() {
      bytes += document.byteCount
      batch.append(document)
    }
    return batch
  }

  private func encode(_ document: Document) throws -> [UInt8] {
    var tokens = document.withBytes(encoder.encode)
    if let largest = tokens.max(), Int(largest) >= encoder.vocabularySize {
      throw CorpusError(
        encoder.name, "made the token \(largest), outside its vocabulary of \(encoder.vocabularySize)")
    }
    if let end = encoder.endOfText { tokens.append(end) }
    let size = TokenFileWriter.tokenSize(vocabularySize: encoder.vocabularySize)
    return TokenFileWriter.pack(tokens, tokenSize: size) ?? []
  }
}
