import Foundation
import Testing

/// Files that cannot be used end in one sentence that names them, and leave nothing behind.
@Suite struct BadInputTests {
  private static let story =
    (0..<400).map { "The swift number \($0) flew over hill \($0 * 7 % 101) and sang. " }.joined()

  private func tokenizer(in folder: TemporaryFolder) throws {
    try folder.file("story.txt", Self.story)
    expectSuccess(
      try folder.run("tokenizer", "train", "--input", "story.txt", "--vocab-size", "300", "--output", "tokenizer"))
  }

  @Test func missingAndEmptyInputsAreNamed() throws {
    let folder = try TemporaryFolder()
    try tokenizer(in: folder)
    try folder.file("empty.txt", "")
    try FileManager.default.createDirectory(atPath: folder.path + "/hollow", withIntermediateDirectories: true)
    for input in ["missing.txt", "empty.txt", "hollow"] {
      expectFailure(
        try folder.run("tokenizer", "train", "--input", input, "--vocab-size", "300", "--output", "out"), input)
      expectFailure(
        try folder.run("data", "prepare", "--tokenizer", "tokenizer", "--input", input, "--output", "out"), input)
    }
    expectFailure(
      try folder.run("data", "prepare", "--tokenizer", "nowhere", "--input", "story.txt", "--output", "out"), "nowhere")
    expectFailure(try folder.run("data", "inspect", "nowhere"), "nowhere")
    expectFailure(try folder.run("data", "inspect", "hollow"), "hollow", "apus data prepare")
    expectFailure(try folder.run("data", "inspect", "story.txt"), "story.txt")
    expectFailure(try folder.run("tokenizer", "encode", "--tokenizer", "tokenizer", "missing.txt"), "missing.txt")
    expectFailure(try folder.run("report", "nowhere"), "nowhere")
    #expect(!folder.exists("out"))
  }

  @Test func textOfAnyBytesGoesThrough() throws {
    let folder = try TemporaryFolder()
    try tokenizer(in: folder)
    let odd: [UInt8] = [0xFF, 0x00, 0xC3, 0x28, 0x80, 0x0A, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80, 0x00, 0xC0]
    try folder.file("odd/a.txt", odd)
    try folder.file("odd/b.txt", [0])
    expectSuccess(
      try folder.run(
        "data", "prepare", "--tokenizer", "tokenizer", "--input", "odd", "--output", "tokens", "--validation", "0"))
    let shown = try folder.run("data", "inspect", "tokens", "--sample", "1")
    expectSuccess(shown)
    #expect(!shown.output.utf8.contains(0), "no control character reaches the terminal")
    expectSuccess(
      try folder.run("tokenizer", "train", "--input", "odd", "--vocab-size", "257", "--output", "odd-tokenizer"))
    let ids = try folder.run("tokenizer", "encode", "--tokenizer", "tokenizer", "odd/a.txt")
    expectSuccess(ids)
    try folder.file("ids.txt", ids.output)
    let back = try folder.run("tokenizer", "decode", "--tokenizer", "tokenizer", "ids.txt")
    #expect(back.output == String(decoding: odd, as: UTF8.self))
  }

  @Test func brokenLinesAreNamedOrPassedOver() throws {
    let folder = try TemporaryFolder()
    try tokenizer(in: folder)
    let prepare = ["data", "prepare", "--tokenizer", "tokenizer", "--output", "tokens", "--validation", "0"]
    let lines: [(String, [UInt8])] = [
      ("cut.jsonl", Array("{\"text\": \"good\"}\n{\"text\": \"cut".utf8)),
      ("field.jsonl", Array("{\"text\": \"good\"}\n{\"body\": \"no text\"}\n".utf8)),
      ("list.jsonl", Array("{\"text\": \"good\"}\n[1, 2]\n".utf8)),
      ("utf8.jsonl", Array("{\"text\": \"good\"}\n{\"text\": \"".utf8) + [0xFF, 0xFE] + Array("\"}\n".utf8)),
      ("nul.jsonl", Array("{\"text\": \"good\"}\n{\"text\": \"a".utf8) + [0] + Array("b\"}\n".utf8)),
      ("deep.jsonl", Array("{\"text\": \"good\"}\n{\"other\": ".utf8) + [UInt8](repeating: 0x5B, count: 100_000)),
    ]
    for (name, bytes) in lines {
      try folder.file(name, bytes)
      expectFailure(try Command.run(prepare + ["--input", name], in: folder.path), name, "line 2")
      #expect(!folder.exists("tokens"))
      let skipped = try Command.run(prepare + ["--input", name, "--skip-malformed"], in: folder.path)
      expectSuccess(skipped)
      #expect(skipped.output.contains("1 malformed line"), "\(name): \(skipped.output)")
      try FileManager.default.removeItem(atPath: folder.path + "/tokens")
    }
    try folder.file("field.gz", "this is no gzip")
    expectFailure(try Command.run(prepare + ["--input", "field.gz"], in: folder.path), "field.gz", "gzip")
  }

  @Test func impossibleVocabulariesAreRefused() throws {
    let folder = try TemporaryFolder()
    try folder.file("short.txt", "to be or not to be")
    func train(_ size: String) throws -> Command.Outcome {
      try folder.run("tokenizer", "train", "--input", "short.txt", "--vocab-size", size, "--output", "out")
    }
    expectFailure(try train("100"), "100", "257")
    expectFailure(try train("5000"), "5000")
    expectFailure(try train("999999999999"), "999999999999")
    #expect(!folder.exists("out"))
  }

  @Test func preparedDataIsNotOverwrittenByAccident() throws {
    let folder = try TemporaryFolder()
    try tokenizer(in: folder)
    let prepare = ["data", "prepare", "--tokenizer", "tokenizer", "--input", "story.txt", "--validation", "0"]
    expectSuccess(try Command.run(prepare + ["--output", "tokens"], in: folder.path))
    expectFailure(try Command.run(prepare + ["--output", "tokens"], in: folder.path), "tokens")
    expectSuccess(try Command.run(prepare + ["--output", "tokens", "--overwrite"], in: folder.path))
    try folder.file("mine/notes.txt", "keep me")
    expectFailure(try Command.run(prepare + ["--output", "mine", "--overwrite"], in: folder.path), "mine", "notes.txt")
    #expect(folder.exists("mine/notes.txt"))
  }

  @Test func damagedTokenFilesNeverCrash() throws {
    let folder = try TemporaryFolder()
    try tokenizer(in: folder)
    expectSuccess(
      try folder.run(
        "data", "prepare", "--tokenizer", "tokenizer", "--input", "story.txt", "--output", "tokens", "--validation",
        "0"))
    let names = ["000_tokens.ds", "000_tokens.ds.index", "000_tokens.ds.metadata", "summary.json"]
    var random = SeededGenerator(state: 20_250_729)
    for round in 0..<24 {
      let name = names[round % names.count]
      let url = URL(fileURLWithPath: folder.path + "/tokens/" + name)
      let sound = try Data(contentsOf: url)
      var bytes = [UInt8](sound)
      for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      }
      if round % 3 == 2 { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
      try Data(bytes).write(to: url)
      let outcome = try folder.run("data", "inspect", "tokens", "--sample", "2", "--tokenizer", "tokenizer")
      #expect(outcome.code == 0 || outcome.code == 1, "\(name), round \(round): \(outcome)")
      if outcome.code == 1 { expectFailure(outcome, "tokens") }
      try sound.write(to: url)
    }
  }
}
