import Corpora
import Formats
import TestSupport
import Testing

@Suite struct TokenFileTests {
  @Test(arguments: [("bytes", 2, 256), ("wide", 4, 79_999)])
  func readsTheGoldenFiles(_ name: String, _ size: Int, _ end: Int32) throws {
    let file = try TokenFile(goldenFolder().appendingPath("000_\(name).ds"))
    #expect(file.tokenSize == size && file.tokenizer == name)
    #expect(file.documentCount == 60)
    #expect(file.documentEnd(59) == file.tokenCount)
    var tokens = [Int32](repeating: 0, count: file.tokenCount)
    let largest = try tokens.withUnsafeMutableBufferPointer { try file.copy(from: 0, into: $0) }
    #expect(largest == UInt32(end))
    var document = 0
    for (position, token) in tokens.enumerated() {
      #expect(file.document(at: position) == document)
      if token == end { document += 1 }
    }
    #expect(document == 60)
  }

  @Test func metadataIsHumanizedAsThePeerDoes() throws {
    let folder = try TemporaryFolder()
    let cases = try JSON.parse(contentsOfFile: goldenFolder().appendingPath("humanized.json")).arrayValue ?? []
    #expect(cases.count == 17)
    for pair in cases {
      guard let count = pair[0]?.intValue, count <= 1_300_000 else { continue }
      let path = folder.path.appendingPath("x.ds")
      let writer = try TokenFileWriter(path, tokenizer: "a\nb", tokenSize: 2)
      try writer.append([UInt32](repeating: 7, count: count))
      try writer.commit()
      #expect(try contents(path + ".metadata") == Array("a b|2\n\(count)\n\(pair[1]?.stringValue ?? "")".utf8))
    }
  }

  @Test func filesOfOtherProgramsLoadWhenTheTokenSizeFollows() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("x.ds", [1, 0, 0, 0, 2, 0, 0, 0])
    #expect(sentence { _ = try TokenFile(path) }.hasPrefix("\(path) does not say how many bytes a token has"))
    #expect(try TokenFile(path, tokenSize: 4).tokenCount == 2)
    #expect(try TokenFile(path, tokenSize: 2).tokenCount == 4)
    try folder.file("x.ds.index", [2, 0, 0, 0, 0, 0, 0, 0])
    #expect(try TokenFile(path).tokenSize == 4)
    try Paths.remove(path + ".index")
    try folder.file("x.ds.metadata", "gpt2\n4\n4.00 T\n")
    #expect(try TokenFile(path).tokenSize == 2)
    #expect(try TokenFile(path).tokenizer == "gpt2")
  }

  @Test func disagreementIsNamed() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.ds")
    func refusal(_ tokens: [UInt8]? = nil, index: [UInt8]? = nil, metadata: String? = nil) throws -> String {
      try writeTokenFile(path, lengths: [2, 3])
      if let tokens { try folder.file("x.ds", tokens) }
      if let index { try folder.file("x.ds.index", index) }
      if let metadata { try folder.file("x.ds.metadata", metadata) }
      return sentence { _ = try TokenFile(path) }
    }
    func ends(_ values: [UInt8]) -> [UInt8] { values.flatMap { [$0, 0, 0, 0, 0, 0, 0, 0] } }
    #expect(try refusal() == "nothing was thrown")
    #expect(try refusal([1, 2, 3]) == "\(path) is damaged: 3 bytes are no whole number of 2-byte tokens")
    #expect(try refusal([1, 2, 3, 4]) == "\(path) is damaged: it holds 2 tokens, but its index ends at 5")
    #expect(try refusal(index: ends([2, 4])) == "\(path) is damaged: it holds 5 tokens, but its index ends at 4")
    #expect(try refusal(index: ends([5, 2])).contains("document 1 ends at 2, after one that ends at 5"))
    #expect(try refusal(index: [1, 2, 3]).contains("3 bytes are no whole number of 8-byte document ends"))
    #expect(try refusal(index: [UInt8](repeating: 255, count: 8)).contains("is damaged"))
    #expect(try refusal(metadata: "bytes|2\n6\n") == "\(path) is damaged: it holds 5 tokens, but its metadata says 6")
    #expect(try refusal(metadata: "bytes|3\n5\n").contains("must be 2 or 4"))
    #expect(try refusal(metadata: "bytes|2").contains("its second line must be the number of tokens"))
    #expect(throws: FileError.self) { try TokenFile(folder.path.appendingPath("no.ds")) }
  }

  @Test func tokensThatDoNotFitAreRefused() throws {
    let folder = try TemporaryFolder()
    let writer = try TokenFileWriter(folder.path.appendingPath("x.ds"), tokenizer: "t", tokenSize: 2)
    #expect(throws: CorpusError.self) { try writer.append([65_536]) }
    writer.discard()
    #expect(try folder.names().isEmpty)
  }

  @Test func mutatedFilesAreRefusedOrStayInBounds() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("x.ds")
    try writeTokenFile(path, lengths: [3, 0, 8, 5])
    let originals = try ["", ".index", ".metadata"].map { try contents(path + $0) }
    var random = SeededGenerator(state: 6)
    var accepted = 0
    for _ in 0..<2000 {
      for (suffix, original) in zip(["", ".index", ".metadata"], originals) {
        var bytes = original
        if Bool.random(using: &random), !bytes.isEmpty {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          if UInt8.random(in: 0..<8, using: &random) == 0 { bytes.removeLast() }
        }
        try folder.file("x.ds" + suffix, bytes)
      }
      guard let source = try? TokenSource(folder.path), source.tokenCount > 1 else { continue }
      let loader = try MixtureLoader(sources: [source], sequenceLength: source.tokenCount - 1, seed: 0)
      let sample = try read(loader, 0)
      #expect(sample.starts.indices.allSatisfy { sample.starts[$0] >= 0 && Int(sample.starts[$0]) <= $0 })
      accepted += 1
    }
    #expect(accepted > 100)
  }
}
