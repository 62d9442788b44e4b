import Corpora
import Evaluation
import Formats
import Foundation
import Inference
import Models
import Testing
import Tokenization

/// Perplexity against logits worked out apart.
@Suite struct PerplexityTests {
  private static let documents = [
    "the swift flies over the hill", "é and ü, 燕子", "a", "the river sings in the air and the hill is quiet",
  ]

  private static func write(_ folder: TemporaryFolder) throws -> String {
    try folder.file(
      "text.jsonl",
      documents.map { JSON.object(["text": .string($0)]).serializedString() + "\n" }.joined())
  }

  private static func stream(_ tokenizer: Tokenizer) throws -> [[UInt32]] {
    let end = try #require(tokenizer.endOfText)
    return documents.map { tokenizer.encode($0) + [end] }
  }

  private static let bytes = documents.reduce(0) { $0 + $1.utf8.count }

  @Test(arguments: [1, 5, 8, 31, 32]) func equalsTheSumOverWindows(length: Int) throws {
    let folder = try TemporaryFolder()
    let path = try Self.write(folder)
    let model = try tinyModel()
    let tokens = Array(try Self.stream(model.tokenizer).joined())
    var expected = 0.0
    for start in stride(from: 0, to: tokens.count - 1, by: length) {
      expected += plainNats(model, Array(tokens[start..<min(start + length + 1, tokens.count)])).reduce(0, +)
    }
    var seen: [Perplexity.Progress] = []
    let result = try Perplexity(model, length: length).evaluate(path: path) { seen.append($0) }
    #expect(abs(result.nats - expected) < 1e-4 * expected)
    #expect(result.targets == tokens.count - 1 && result.tokens == tokens.count)
    #expect(result.textBytes == Self.bytes)
    #expect(abs(result.natsPerToken - expected / Double(tokens.count - 1)) < 1e-3)
    #expect(abs(result.perplexity - exp(result.natsPerToken)) < 1e-9 * result.perplexity)
    let bits = try #require(result.bitsPerByte)
    #expect(abs(bits - result.nats / 0.693_147_180_559_945_3 / Double(Self.bytes)) < 1e-9)
    #expect(seen.last?.targets == result.targets && seen.last?.fraction == 1)
  }

  @Test func tokenFilesGiveTheSameAsTheirText() throws {
    let folder = try TemporaryFolder()
    let path = try Self.write(folder)
    let model = try tinyModel()
    let expected = try Perplexity(model, length: 9).evaluate(path: path)
    let output = folder.path.appendingPath("tokens")
    _ = try PrepareJob(
      inputs: [path], output: output, encoder: DocumentEncoder(model.tokenizer, name: "tiny")).run()
    #expect(try Perplexity(model, length: 9).evaluate(path: output) == expected)
    // Without the summary the bytes are those of the decoded tokens.
    try Paths.remove(output.appendingPath("summary.json"))
    #expect(try Perplexity(model, length: 9).evaluate(path: output) == expected)

    let masked = try Perplexity(model, length: 9, maskDocuments: true).evaluate(path: output)
    #expect(try Perplexity(model, length: 9, maskDocuments: true).evaluate(path: path) == masked)
    #expect(masked != expected)
  }

  @Test func maskedDocumentsStandAlone() throws {
    let folder = try TemporaryFolder()
    let path = try Self.write(folder)
    let model = try tinyModel(context: 200)
    let documents = try Self.stream(model.tokenizer)
    // A document's first token is predicted by the end of the one before, which saw only its own document.
    var expected = 0.0
    for (i, document) in documents.enumerated() {
      let next = i + 1 < documents.count ? [documents[i + 1][0]] : []
      expected += plainNats(model, document + next).reduce(0, +)
    }
    let result = try Perplexity(model, maskDocuments: true).evaluate(path: path)
    #expect(abs(result.nats - expected) < 1e-4 * expected)
  }

  @Test func aModelThatKnowsNothingHasTheLogarithmOfItsVocabulary() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a/plain.txt", String(repeating: "the swift sings; ", count: 300))
    let model = try tinyModel()
    model.model.store.master.floats.update(repeating: 0)
    model.model.store.version.advance()
    let result = try Perplexity(model).evaluate(path: path.parentPath)
    #expect(result.textBytes == 5100)
    #expect(abs(result.natsPerToken - log(290)) < 1e-5)
    #expect(abs(result.perplexity - 290) < 1e-2)
    let bits = Double(result.targets) * log2(290) / 5100
    #expect(abs(try #require(result.bitsPerByte) - bits) < 1e-4)
    #expect(result.json["bits_per_byte"]?.doubleValue == result.bitsPerByte)
  }

  @Test func manyWindowsPassInBatches() throws {
    let folder = try TemporaryFolder()
    let text = (0..<3000).map { "the swift flies over hill \($0). " }.joined()
    let path = try folder.file("long.txt", text)
    let model = try tinyModel()
    var steps = 0
    let result = try Perplexity(model, length: 16).evaluate(path: path) { progress in
      steps += 1
      #expect(progress.natsPerToken.isFinite)
    }
    #expect(steps > 1)
    #expect(result.tokens == model.tokenizer.encode(text).count + 1 && result.targets == result.tokens - 1)
  }

  @Test func dataThatCannotBeScoredIsNamed() throws {
    let folder = try TemporaryFolder()
    let model = try tinyModel()
    func refusal(_ path: String) -> String { sentence { _ = try Perplexity(model).evaluate(path: path) } }
    #expect(refusal(folder.path.appendingPath("missing")).contains("missing"))
    #expect(refusal(try folder.file("empty.txt", "")).contains("empty.txt"))
    #expect(refusal(try folder.file("bad.jsonl", "{\"text\": 3}\n")).contains("bad.jsonl"))
    #expect(sentence { _ = try Perplexity(model, length: 33) }.contains("33"))
    #expect(sentence { _ = try Perplexity(model, length: 0) }.contains("0"))

    let foreign = folder.path.appendingPath("foreign")
    try Paths.createFolder(foreign)
    let file = try TokenFileWriter(foreign.appendingPath("000_foreign.ds"), tokenizer: "another", tokenSize: 2)
    try file.append([5, 6, 5000])
    try file.commit()
    #expect(refusal(foreign).contains("5000") && refusal(foreign).contains("another"))
    #expect(refusal(foreign.appendingPath("000_foreign.ds")).contains("name the folder"))
    let single = folder.path.appendingPath("single")
    try Paths.createFolder(single)
    let short = try TokenFileWriter(single.appendingPath("000_single.ds"), tokenizer: "tiny", tokenSize: 2)
    try short.append([5])
    try short.commit()
    #expect(refusal(single).contains("fewer than two tokens"))
  }
}
