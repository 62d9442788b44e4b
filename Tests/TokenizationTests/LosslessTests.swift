import Testing
import Tokenization

@Suite("Decoding gives back the bytes")
struct LosslessTests {
  @Test("whatever they are", arguments: ["gpt2", "llama3", "qwen2", "smollm2", "ranks"])
  func randomBytes(kind: String) throws {
    let tokenizer = try kind == "ranks" ? Tokenizer(directory: Golden.path("ranks.model")) : Golden.tokenizer(kind)
    #expect(tokenizer.missingBytes.isEmpty)
    var generator = SeededGenerator(state: 1)
    for round in 0..<300 {
      let length = Int.random(in: 0..<200, using: &generator)
      // Some rounds mix text and broken sequences, so that every border between the two is met.
      let parts: [[UInt8]] = [
        Array("the ".utf8), Array("é字🙂".utf8), [0xff], [0xe5, 0xad], [0xf0, 0x9f], [0xc0, 0x80], [0xed, 0xa0, 0x80],
        [0], Array("\n\n ".utf8), Array("12".utf8), [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x80],
      ]
      let bytes: [UInt8] =
        round % 2 == 0
        ? (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        : (0..<length / 3).flatMap { _ in parts.randomElement(using: &generator) ?? [] }
      let ids = tokenizer.encode(bytes)
      #expect(tokenizer.decode(ids) == bytes)
      #expect(ids.allSatisfy { $0 < UInt32(tokenizer.vocabularySize) })
    }
  }

  @Test("of every scalar, alone and between others")
  func everyScalar() throws {
    let tokenizer = try Golden.tokenizer("llama3")
    var text: [UInt8] = []
    for value in stride(from: UInt32(0), to: 0x110000, by: 7) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      text.append(contentsOf: Array(String(Character(scalar)).utf8))
      if value % 5 == 0 { text.append(0x20) }
    }
    #expect(tokenizer.decode(tokenizer.encode(text)) == text)
  }

  @Test("of one word of a megabyte, in a time that is not quadratic")
  func longWord() throws {
    let tokenizer = try Golden.tokenizer("llama3")
    var generator = SeededGenerator(state: 3)
    let word = (0..<1_000_000).map { _ in UInt8.random(in: 0x61...0x6a, using: &generator) }
    let started = ContinuousClock.now
    let ids = tokenizer.encode(word)
    #expect(started.duration(to: .now) < .seconds(20))
    #expect(tokenizer.decode(ids) == word)
  }

  @Test("after merging as the definition says, in short words and in long ones")
  func definition() throws {
    let tokenizer = try Golden.tokenizer("llama3")
    let file = try Golden.json("llama3.json")
    let vocabulary = try #require(file["model"]?["vocab"]?.objectValue)
    var ranks: [[String]: Int] = [:]
    for (rank, merge) in (file["model"]?["merges"]?.arrayValue ?? []).enumerated() {
      ranks[Golden.strings(merge)] = rank
    }
    #expect(ranks.count > 300)
    var generator = SeededGenerator(state: 3)
    let syllables = ["k", "str", "th", "a", "o", "ing", "er", "m", "l", "e", "coun", "sta"]
    for length in [1, 2, 5, 20, 30, 40, 60, 90, 150] {
      let word = (0..<length).map { _ in syllables.randomElement(using: &generator) ?? "" }.joined()
      var parts = word.map { String($0) }
      while true {
        let pairs = zip(parts, parts.dropFirst()).enumerated()
        let best = pairs.compactMap { place, pair in ranks[[pair.0, pair.1]].map { ($0, place) } }.min { $0 < $1 }
        guard let (_, place) = best else { break }
        parts.replaceSubrange(place...place + 1, with: [parts[place] + parts[place + 1]])
      }
      #expect(tokenizer.encode(word) == parts.compactMap { vocabulary[$0]?.intValue.map { UInt32($0) } })
    }
  }

  @Test("from many threads at once")
  func threads() async throws {
    let tokenizer = try Golden.tokenizer("gpt2")
    let texts = Golden.strings(try Golden.json("corpus.json"))
    let expected = texts.map { tokenizer.encode($0) }
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask { texts.map { tokenizer.encode($0) } == expected }
      }
      for await same in group { #expect(same) }
    }
  }

  @Test("as text that comes in pieces: never half a character, and nothing lost")
  func streaming() throws {
    for kind in ["gpt2", "llama3"] {
      let tokenizer = try Golden.tokenizer(kind)
      for text in Golden.strings(try Golden.json("texts.json")["texts"]) {
        var stream = tokenizer.decodeStream()
        var result = ""
        for id in tokenizer.encode(text) {
          let piece = stream.append(id)
          #expect(!piece.unicodeScalars.contains("\u{fffd}") || text.unicodeScalars.contains("\u{fffd}"))
          result += piece
        }
        result += stream.finish()
        #expect(Array(result.utf8) == Array(text.utf8))
      }
    }
  }

  @Test("as text with replacement characters where bytes are no characters, as decoding at once gives them")
  func streamingBrokenBytes() throws {
    let tokenizer = try Golden.tokenizer("gpt2")
    var generator = SeededGenerator(state: 9)
    let heads: [UInt8] = [0x41, 0xc3, 0xe2, 0xf0, 0xf4, 0xed, 0xe0, 0xff, 0xc0, 0x80, 0x90, 0xa0, 0xbf, 0x9f]
    for _ in 0..<2000 {
      let bytes = (0..<12).map { _ in heads.randomElement(using: &generator) ?? 0 }
      var stream = tokenizer.decodeStream()
      var result = ""
      for byte in bytes { result += stream.append(try #require(tokenizer.id(for: [byte]))) }
      result += stream.finish()
      #expect(Array(result.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
    }
    var stream = tokenizer.decodeStream(skippingSpecialTokens: true)
    #expect(stream.append(0) == "")
    var shown = tokenizer.decodeStream(skippingSpecialTokens: false)
    #expect(shown.append(0) == "<|endoftext|>")
  }
}
