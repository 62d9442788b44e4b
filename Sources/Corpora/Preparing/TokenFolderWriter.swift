import Formats

/// Fills a folder with token files, opening the next one when a file is full.
final class TokenFolderWriter {
  private let folder: String
  private let name: String
  private let encoder: DocumentEncoder
  private let maximumFileBytes: Int
  private let tokenSize: Int
  private var current: TokenFileWriter?
  private var currentTextBytes = 0
  private(set) var files: [PrepareSummary.File] = []
  private(set) var tokenCount = 0

  init(folder: String, name: String, encoder: DocumentEncoder, maximumFileBytes: Int) {
    self.folder = folder
    self.name = name
    self.encoder = encoder
    self.maximumFileBytes = maximumFileBytes
    tokenSize = TokenFileWriter.tokenSize(vocabularySize: encoder.vocabularySize)
  }

  func append(packed document: [UInt8], textBytes: Int) throws {
    if let current, current.tokenCount * tokenSize + document.count > maximumFileBytes { try finishFile() }
    let writer = try current ?? open()
    current = writer
    try writer.append(packed: document)
    tokenCount += document.count / tokenSize
    currentTextBytes += textBytes
  }

  /// Completes the files and writes the total, as datatrove's merger does.
  func finish() throws {
    try finishFile()
    let metadata = TokenFileMetadata(tokenizer: encoder.name, tokenSize: tokenSize, tokenCount: tokenCount)
    try AtomicFile.write(metadata.text, to: folder.appendingPath("\(name).ds.metadata"))
  }

  private func open() throws -> TokenFileWriter {
    try Paths.createFolder(folder)
    return try TokenFileWriter(folder.appendingPath(fileName), tokenizer: encoder.name, tokenSize: tokenSize)
  }

  private var fileName: String {
    let number = String(files.count)
    return String(repeating: "0", count: max(0, 3 - number.count)) + "\(number)_\(name).ds"
  }

  private func finishFile() throws {
    guard let writer = current else { return }
    try writer.commit()
    files.append(
      .init(name: fileName, documents: writer.documentCount, tokens: writer.tokenCount, textBytes: currentTextBytes))
    (current, currentTextBytes) = (nil, 0)
  }
}
