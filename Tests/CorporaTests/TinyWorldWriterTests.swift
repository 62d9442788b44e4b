import Corpora
import Formats
import Foundation
import Testing

@Suite("The tiny world as files") struct TinyWorldWriterTests {
  private func temporaryFolder() -> String {
    FileManager.default.temporaryDirectory.path + "/tiny-world-\(UUID().uuidString)"
  }

  @Test("The same seed and size give the same bytes, and a larger corpus starts with the smaller one")
  func bytesAreDeterministic() throws {
    let folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()]
    defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
    let writer = TinyWorldWriter(world: TinyWorld(seed: 11), questionsPerCategory: 40, conversations: 30)
    let summary = try writer.write(to: folders[0], textBytes: 700_000)
    var reports: [Int] = []
    #expect(try writer.write(to: folders[1], textBytes: 700_000) { reports.append($0) } == summary)
    #expect(reports.last == summary.textBytes && reports == reports.sorted())
    try writer.write(to: folders[2], textBytes: 1_500_000)

    let names =
      ["train.jsonl", "chat.jsonl", "README.txt"]
      + TinyWorld.Category.allCases.flatMap { ["heldout/\($0.rawValue).jsonl", "examples/\($0.rawValue).jsonl"] }
    for name in names {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folders[0] + "/" + name))
      #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: folders[1] + "/" + name)), "\(name)")
      #expect(!bytes.isEmpty)
    }
    let small = try Data(contentsOf: URL(fileURLWithPath: folders[0] + "/train.jsonl"))
    let large = try Data(contentsOf: URL(fileURLWithPath: folders[2] + "/train.jsonl"))
    #expect(large.starts(with: small) && small.count == summary.fileBytes)
    #expect((700_000..<705_000).contains(summary.textBytes))
    let left = try FileManager.default.subpathsOfDirectory(atPath: folders[0])
    #expect(Set(left) == Set(names + ["heldout", "examples"]))
  }

  @Test("Lines are JSON objects with the promised keys")
  func linesAreJSON() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let world = TinyWorld(seed: 12)
    try TinyWorldWriter(world: world, questionsPerCategory: 25, conversations: 20).write(to: folder, textBytes: 50_000)
    func lines(_ name: String) throws -> [[String: Any]] {
      try String(contentsOfFile: folder + "/" + name, encoding: .utf8).split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }
    for (n, line) in try lines("train.jsonl").enumerated() {
      let document = world.document(UInt64(n))
      #expect(line["text"] as? String == document.text && line["kind"] as? String == document.kind.rawValue)
      #expect(line["id"] as? String == "12-\(n)")
    }
    for category in TinyWorld.Category.allCases {
      let held = try lines("heldout/\(category.rawValue).jsonl")
      #expect(held.map { $0["prompt"] as? String } == world.questions(category, count: 25).map(\.prompt))
      #expect(held.allSatisfy { $0["answer"] is String && $0["choices"] is [String] && $0["id"] is String })
    }
    for line in try lines("chat.jsonl") {
      let messages = try #require(line["messages"] as? [[String: String]])
      let roles = messages.indices.map { $0 % 2 == 0 ? "user" : "assistant" }
      #expect(!messages.isEmpty && messages.map { $0["role"] } == roles)
    }
  }

  @Test("A place that cannot be written is named")
  func unwritablePlaceIsNamed() throws {
    let file = temporaryFolder()
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let writer = TinyWorldWriter(world: TinyWorld(seed: 1), questionsPerCategory: 1, conversations: 1)
    do {
      try writer.write(to: file, textBytes: 100)
      Issue.record("a file served as a folder")
    } catch {
      #expect("\(error)".contains(file))
    }
  }
}
