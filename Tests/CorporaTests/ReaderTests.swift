import Corpora
import Formats
import TestSupport
import Testing

@Suite struct ReaderTests {
  private func read(_ paths: [String], _ malformed: DocumentReader.MalformedLines = .fail) throws -> (
    documents: [[UInt8]], reader: DocumentReader
  ) {
    let reader = try DocumentReader(paths, malformedLines: malformed)
    var documents: [[UInt8]] = []
    while let document = try reader.next() { documents.append(document.withBytes { Array($0) }) }
    return (documents, reader)
  }

  @Test func foldersComeSortedAndBytesPassThrough() throws {
    let folder = try TemporaryFolder()
    let odd: [UInt8] = [0xFF, 0, 0x80, 0x0D, 0x0A, 0xC3]
    try folder.file("in/b.txt", odd)
    try folder.file("in/a/z.md", "# title\n")
    try folder.file("in/a/lines.jsonl", "{\"text\":\"one\"}\n\n{\"text\":\"\"}\r\n{\"text\":\"two\\u0000\"}")
    try folder.file("in/.hidden", "no")
    try folder.file("in/empty.txt", "")
    let extra = try folder.file("first.txt", "first")
    let (documents, reader) = try read([extra, folder.path.appendingPath("in")])
    let wanted = ["first", "one", "two\0", "# title\n"].map { Array($0.utf8) } + [odd]
    #expect(documents == wanted)
    #expect(reader.emptyDocuments == 1)
    #expect(reader.readBytes == reader.totalBytes)
  }

  @Test func largeFilesStayMappedAndEqual() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(state: 1)
    let bytes = (0..<5_000_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    #expect(try read([folder.file("large.txt", bytes)]).documents == [bytes])
  }

  @Test func positionsNameFileAndLine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("x.jsonl", "\n{\"text\":\"a\"}\n")
    let document = try #require(try DocumentReader([path]).next())
    #expect(document.source == path && document.line == 2 && document.byteCount == 1)
  }

  @Test func malformedLinesStopOrAreCounted() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("x.jsonl", "{\"text\":\"a\"}\n{\"text\":\n{\"body\":\"b\"}\n{\"text\":\"c\"}\n")
    #expect(
      sentence { _ = try read([path]) } == "\(path), line 2, byte 8: expected a JSON value, found the end of the text")
    let (documents, reader) = try read([path], .skip)
    #expect(documents == [[0x61], [0x63]])
    #expect(reader.skippedLines == 2)
    let invalid = try folder.file("y.jsonl", Array("{\"text\":\"".utf8) + [0xFF] + Array("\"}".utf8))
    #expect(sentence { _ = try read([invalid]) }.contains("invalid UTF-8"))
  }

  @Test func badInputsAreNamed() throws {
    let folder = try TemporaryFolder()
    let missing = folder.path.appendingPath("no.txt")
    #expect(sentence { _ = try read([missing]) } == "\(missing) does not exist")
    let empty = try folder.file("empty.txt", "")
    #expect(sentence { _ = try read([empty]) } == "\(empty) is empty: there is no text in it")
    #expect(sentence { _ = try read([folder.path]) } == "\(folder.path) holds no files with text")
    #expect(sentence { _ = try read([]) }.hasPrefix("The list of inputs is empty"))
    let archive = try folder.file("x.tar", "x")
    #expect(sentence { _ = try read([archive]) }.hasPrefix("\(archive) is a tar archive, which is not read here"))
    let parquet = try folder.file("x.parquet", "PAR1")
    #expect(sentence { _ = try read([parquet]) }.contains("is not a Parquet file"))
    let gzip = try folder.file("x.jsonl.gz", "plain")
    #expect(sentence { _ = try read([gzip]) }.contains("is not a gzip file"))
  }

  @Test func gzipGivesTheSameLines() throws {
    // Stored deflate blocks need no compressor: a header, blocks of raw bytes, then CRC-32 and length.
    let text = (0..<40_000).map { "{\"text\":\"line \($0) größe\"}\n" }.joined()
    let folder = try TemporaryFolder()
    let plain = try read([folder.file("x.jsonl", text)]).documents
    #expect(plain.count == 40_000)
    #expect(try read([folder.file("x2.jsonl.gz", storedGzip(Array(text.utf8)))]).documents == plain)
    #expect(try read([folder.file("x.txt.gz", storedGzip(Array("hello".utf8)))]).documents == [Array("hello".utf8)])
    let cut = Array(storedGzip(Array(text.utf8)).dropLast(5))
    #expect(sentence { _ = try read([folder.file("cut.jsonl.gz", cut)]) }.contains("is cut short"))
  }

  @Test func parquetGivesOneDocumentARow() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.parquet")
    let rows: [JSON] = [
      ["text": "one", "id": 1], ["text": "", "id": 2], ["text": "größe\0", "id": 3], ["text": nil, "id": 4],
      ["text": "last", "id": 5],
    ]
    try ParquetWriter.write(rows, to: path)
    let (documents, reader) = try read([path], .skip)
    #expect(documents == ["one", "größe\0", "last"].map { Array($0.utf8) })
    #expect(reader.emptyDocuments == 1 && reader.skippedLines == 1 && reader.readBytes == reader.totalBytes)
    #expect(
      sentence { _ = try read([path]) } == "\(path), row 4 has no string in the column \"text\": it is null")
    let other = try DocumentReader([path], field: "body")
    #expect(
      sentence { _ = try other.next() } == "\(path): the column \"body\" is not in the file; it has text, id")
  }

  private func storedGzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var crc: UInt32 = ~0
    for start in stride(from: 0, to: bytes.count, by: 65_535) {
      let end = min(bytes.count, start + 65_535)
      result += [end == bytes.count ? 1 : 0] + little(end - start, 2) + little(~(end - start) & 0xFFFF, 2)
      result += bytes[start..<end]
    }
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return result + little(Int(~crc), 4) + little(bytes.count, 4)
  }
}
