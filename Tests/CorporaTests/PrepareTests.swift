import Corpora
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct PrepareTests {
  /// Documents numbered from `range`, as JSON lines.
  private func lines(_ range: Range<Int>) -> String {
    range.map { "{\"text\":\"document \($0) \(String(repeating: "x", count: $0 % 50))\"}\n" }.joined()
  }

  private func prepare(
    _ inputs: [String], _ output: String, _ encoder: DocumentEncoder = byteEncoder,
    _ change: (inout PrepareJob) -> Void = { _ in }
  ) throws -> PrepareSummary {
    var job = PrepareJob(inputs: inputs, output: output, encoder: encoder)
    change(&job)
    return try job.run()
  }

  /// All files but `summary.json`, which tells the time, by name.
  private func files(_ folder: String) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for name in try Paths.names(inFolder: folder) where name != "summary.json" {
      let path = folder.appendingPath(name)
      if Paths.isFolder(path) {
        for (inner, bytes) in try files(path) { result[name.appendingPath(inner)] = bytes }
      } else {
        result[name] = try contents(path)
      }
    }
    return result
  }

  @Test(arguments: [byteEncoder, wideEncoder])
  func bytesEqualTheGoldenFiles(_ encoder: DocumentEncoder) throws {
    let folder = try TemporaryFolder()
    let output = folder.path.appendingPath(encoder.name)
    let summary = try prepare([try goldenFolder().appendingPath("documents.jsonl")], output, encoder)
    let written = try files(output)
    for suffix in ["", ".index", ".metadata"] {
      let name = "000_\(encoder.name).ds\(suffix)"
      #expect(try written[name] == contents(goldenFolder().appendingPath(name)))
    }
    #expect(written["\(encoder.name).ds.metadata"] == written["000_\(encoder.name).ds.metadata"])
    #expect(written.count == 4)
    #expect(summary.documents == 60 && summary.duplicates == 0)
    #expect(summary.textBytes == summary.tokens - 60)
  }

  @Test func outputIsTheSameForAnyNumberOfThreadsAndAnyBatch() throws {
    let folder = try TemporaryFolder()
    let input = try folder.file("in.jsonl", lines(0..<3000) + lines(500..<900))
    var reference: [String: [UInt8]]?
    for (threads, batch) in [(1, 1 << 20), (2, 1000), (3, 5000), (16, 1 << 24)] {
      let output = folder.path.appendingPath("out/\(threads)/data")
      let summary = try prepare([input], output) {
        $0.threads = threads
        $0.batchBytes = batch
        $0.validation = 0.1
      }
      #expect(summary.documents == 3000 && summary.duplicates == 400)
      let written = try files(output)
      #expect(written == reference ?? written)
      reference = written
    }
    #expect(reference?.count == 8)
  }

  @Test func validationIsDisjointStableAndFollowsTheText() throws {
    let folder = try TemporaryFolder()
    func held(_ text: String, _ name: String) throws -> (held: Set<String>, kept: Set<String>) {
      let output = folder.path.appendingPath(name)
      let input = try folder.file("\(name).jsonl", text)
      let summary = try prepare([input], output) {
        $0.validation = 0.1
        $0.name = "x"
      }
      let texts = try ["validation", ""].map { part in
        let tokens = try contents(output.appendingPath(part).appendingPath("000_x.ds"))
        let values = stride(from: 0, to: tokens.count, by: 2).map { UInt16(tokens[$0]) | UInt16(tokens[$0 + 1]) << 8 }
        return Set(values.split(separator: 256).map { String(decoding: $0.map { UInt8($0) }, as: UTF8.self) })
      }
      #expect(texts[0].count + texts[1].count == summary.documents)
      #expect(texts[0].isDisjoint(with: texts[1]))
      #expect(try TokenSource(output.appendingPath("validation")).textBytes == summary.validation[0].textBytes)
      #expect(try TokenSource(output).textBytes == summary.training[0].textBytes)
      return (texts[0], texts[1])
    }
    let first = try held(lines(0..<2000), "first")
    #expect((140...260).contains(first.held.count))
    let second = try held(lines(1000..<3000), "second")
    #expect(first.held.isDisjoint(with: second.kept))
    #expect(first.kept.isDisjoint(with: second.held))
  }

  @Test func largeOutputsAreSplit() throws {
    let folder = try TemporaryFolder()
    let input = try folder.file("in.jsonl", lines(0..<300))
    let whole = try prepare([input], folder.path.appendingPath("whole")) { $0.name = "x" }
    let split = try prepare([input], folder.path.appendingPath("split")) {
      $0.name = "x"
      $0.maximumFileBytes = 5000
    }
    #expect(whole.training.count == 1 && split.training.count > 3)
    #expect(split.training.map(\.name).prefix(2) == ["000_x.ds", "001_x.ds"])
    #expect(split.tokens == whole.tokens && split.textBytes == whole.textBytes)
    let joined = try split.training.flatMap { try contents(folder.path.appendingPath("split").appendingPath($0.name)) }
    #expect(try joined == contents(folder.path.appendingPath("whole/000_x.ds")))
    #expect(split.training.allSatisfy { 2 * $0.tokens <= 5000 })
    let total = try contents(folder.path.appendingPath("split/x.ds.metadata"))
    #expect(String(decoding: total, as: UTF8.self).hasPrefix("bytes|2\n\(whole.tokens)\n"))
  }

  @Test func summaryIsWritten() throws {
    let folder = try TemporaryFolder()
    let output = folder.path.appendingPath("out")
    let summary = try prepare([folder.file("in.txt", "hello"), folder.file("in.jsonl", lines(0..<5))], output)
    let json = try JSON.parse(contentsOfFile: output.appendingPath("summary.json"))
    #expect(json == summary.json)
    #expect(json["documents"] == 6)
    #expect(json["files"]?[0]?["text_bytes"]?.intValue == summary.textBytes)
    #expect(summary.tokensPerByte > 1 && summary.seconds > 0)
  }

  @Test func outputFoldersAreGuarded() throws {
    let folder = try TemporaryFolder()
    let input = try folder.file("in.txt", "hello")
    let output = folder.path.appendingPath("out")
    try Paths.createFolder(output)
    _ = try prepare([input], output)
    let before = try files(output)
    let other = try folder.file("other.txt", "something else")
    #expect(sentence { _ = try prepare([other], output) }.hasPrefix("\(output) already holds prepared data"))
    #expect(try files(output) == before)
    _ = try prepare([other], output) { $0.overwrite = true }
    #expect(try files(output) != before)
    try folder.file("out/notes.md", "mine")
    let refusal = sentence { _ = try prepare([input], output) { $0.overwrite = true } }
    #expect(refusal.hasPrefix("\(output) holds other files such as notes.md"))
    #expect(sentence { _ = try prepare([input], input) }.contains("is a file; name a folder for the output"))
    #expect(try folder.names() == ["in.txt", "other.txt", "out"])
  }

  @Test func failuresLeaveNothingBehind() throws {
    let folder = try TemporaryFolder()
    let bad = try folder.file("bad.jsonl", lines(0..<500) + "{\"text\":3}\n")
    let empty = try folder.file("empty.jsonl", "{\"text\":\"\"}\n\n")
    let good = try folder.file("good.jsonl", lines(0..<20))
    let output = folder.path.appendingPath("out")
    #expect(
      sentence { _ = try prepare([bad], output) { $0.batchBytes = 100 } }
        == "\(bad), line 501, byte 8: the field \"text\" is not a string")
    #expect(sentence { _ = try prepare([empty], output) } == "\(empty) has no documents: every text in it is empty")
    #expect(sentence { _ = try prepare([good], output) { $0.validation = 1 } }.hasPrefix("validation 1.0 is no share"))
    #expect(
      sentence { _ = try prepare([good], output) { $0.validation = 0.9999999 } }.contains("took all 20 documents"))
    let liar = DocumentEncoder(name: "liar", vocabularySize: 100, endOfText: nil) { $0.map(UInt32.init) }
    #expect(sentence { _ = try prepare([good], output, liar) }.contains("outside its vocabulary of 100"))
    let stray = DocumentEncoder(name: "stray", vocabularySize: 300, endOfText: 300) { $0.map(UInt32.init) }
    #expect(sentence { _ = try prepare([good], output, stray) }.contains("end-of-text token 300 outside"))
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try PrepareJob(inputs: [good], output: output, encoder: byteEncoder).run { _ in throw Stop() }
    }
    #expect(try folder.names() == ["bad.jsonl", "empty.jsonl", "good.jsonl"])
  }

  @Test func leftoversOfKilledRunsGoAway() throws {
    let folder = try TemporaryFolder()
    let input = try folder.file("in.txt", "hello")
    // No process has the highest number that a Linux system can give; this test's own process lives.
    try folder.file("out.partial-4194304-1/000_out.ds", "half")
    try folder.file("out.partial-\(getpid())-999/000_out.ds", "in progress")
    try folder.file("out.partial-old", "not ours")
    _ = try prepare([input], folder.path.appendingPath("out/"))
    #expect(try folder.names() == ["in.txt", "out", "out.partial-\(getpid())-999", "out.partial-old"])
  }

  @Test func progressReachesTheEnd() throws {
    let folder = try TemporaryFolder()
    let input = try folder.file("in.jsonl", lines(0..<400))
    var job = PrepareJob(inputs: [input], output: folder.path.appendingPath("out"), encoder: byteEncoder)
    job.batchBytes = 1000
    var reports: [PrepareJob.Progress] = []
    let summary = try job.run { reports.append($0) }
    #expect(reports.count > 5)
    #expect(reports.last?.documents == 400 && reports.last?.tokens == summary.tokens)
    #expect(zip(reports, reports.dropFirst()).allSatisfy { $0.textBytes < $1.textBytes })
  }
}
