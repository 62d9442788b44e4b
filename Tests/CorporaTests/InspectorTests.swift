import Corpora
import Formats
import TestSupport
import Testing

@Suite struct InspectorTests {
  private func makeData(_ folder: TemporaryFolder) throws -> String {
    let output = folder.path.appendingPath("data")
    let input = try folder.file(
      "in.jsonl", #"{"text":"abc"}"# + "\n" + #"{"text":"d\u001b[31m\u00e9"}"# + "\n" + #"{"text":"fghijkl\n"}"#)
    _ = try PrepareJob(inputs: [input], output: output, encoder: byteEncoder).run()
    return output
  }

  @Test func statisticsAreThoseOfTheDocuments() throws {
    let folder = try TemporaryFolder()
    let statistics = try DatasetInspector(makeData(folder), decode: decodeBytes).statistics()
    // With their end tokens the documents have 4, 9 and 9 tokens.
    #expect(statistics.documents == 3 && statistics.tokens == 22 && statistics.files == 1)
    #expect(statistics.medianLength == 9 && statistics.longestLength == 9)
    #expect(abs(statistics.meanLength - 22.0 / 3) < 1e-12)
    #expect(statistics.textBytes == 19)
    #expect(statistics.histogram.map(\.lengths) == [4..<8, 8..<16])
    #expect(statistics.histogram.map(\.documents) == [1, 2])
    #expect(statistics.text.contains("22 tokens, 3 documents"))
    #expect(statistics.text.hasSuffix("\n8–15 " + String(repeating: "█", count: 40) + " 2\n"))
    #expect(statistics.json["median_length"] == 9)
  }

  @Test func windowsShowDocumentBordersAndNoControlCharacters() throws {
    let folder = try TemporaryFolder()
    let inspector = try DatasetInspector(makeData(folder), decode: decodeBytes)
    #expect(
      try inspector.text(position: 1, count: 16) == """
        ──── tokens 1 to 17 ────
        bc|
        ──── document border, token 4 ────
        d·[31mé|
        ──── document border, token 13 ────
        fghi

        """)
    #expect(try inspector.text(position: 20, count: 100).hasSuffix("──── tokens 20 to 22 ────\n\n|\n"))
    #expect(try inspector.text(position: 99, count: 5) == "──── tokens 22 to 22 ────\n")
  }

  @Test func sampledPositionsAreWindowsEachOnce() throws {
    let folder = try TemporaryFolder()
    let inspector = try DatasetInspector(makeData(folder), decode: decodeBytes)
    #expect(Set(inspector.positions(count: 99, sequenceLength: 4)) == [0, 4, 8, 12, 16])
    #expect(inspector.positions(count: 2, sequenceLength: 4).count == 2)
    #expect(inspector.positions(count: 2, sequenceLength: 100) == [0])
  }
}
