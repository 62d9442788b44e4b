import Corpora
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct LoaderTests {
  /// Three files, with documents of many lengths, empty ones among them.
  private func makeSource(_ folder: String, seed: UInt64 = 1, tokenizer: String = "bytes") throws -> (
    source: TokenSource, tokens: [Int32], starts: [Int]
  ) {
    var random = SeededGenerator(state: seed)
    var tokens: [Int32] = []
    var starts: [Int] = []
    try Paths.createFolder(folder)
    for file in 0..<3 {
      var lengths = (0..<30).map { _ in Int.random(in: 0...25, using: &random) }
      lengths[29] += 1
      let first = UInt32(tokens.count)
      try writeTokenFile(
        folder.appendingPath("00\(file)_x.ds"), lengths: lengths, firstToken: first, tokenizer: tokenizer)
      for length in lengths {
        let start = tokens.count
        for _ in 0..<length {
          tokens.append(Int32(tokens.count + 1))
          starts.append(start)
        }
      }
    }
    return (try TokenSource(folder), tokens, starts)
  }

  @Test func windowsAreTheStreamAndKnowTheirDocuments() throws {
    let folder = try TemporaryFolder()
    let (source, tokens, starts) = try makeSource(folder.path)
    #expect(source.tokenCount == tokens.count)
    #expect(source.documentCount == 90)
    for length in [1, 2, 7, 64, 333, tokens.count - 1] {
      let loader = try MixtureLoader(sources: [source], sequenceLength: length, seed: 3, shuffle: false)
      #expect(loader.epochLengths == [(tokens.count - 1) / length])
      for n in 0..<loader.epochLengths[0] {
        let sample = try read(loader, UInt64(n))
        let range = n * length...n * length + length
        #expect(sample.tokens == Array(tokens[range]))
        #expect(sample.starts == starts[range].map { Int32(max(0, $0 - n * length)) })
        #expect(sample.origin == .init(source: 0, epoch: 0, window: n, position: n * length))
      }
    }
  }

  @Test func eachEpochHasEveryWindowOnceInAnOrderOfItsOwn() throws {
    let folder = try TemporaryFolder()
    let a = try makeSource(folder.path.appendingPath("a")).source
    let b = try makeSource(folder.path.appendingPath("b"), seed: 2).source
    let loader = try MixtureLoader(sources: [a, b], weights: [2, 1], sequenceLength: 10, seed: 3)
    var seen: [String: [Int]] = [:]
    for n in 0..<3000 as Range<UInt64> {
      let origin = loader.origin(of: n)
      seen["\(origin.source) \(origin.epoch)", default: []].append(origin.window)
      #expect(origin.position == 10 * origin.window)
    }
    for source in 0..<2 {
      let epochs = (0..<5).map { seen["\(source) \($0)"] ?? [] }
      for epoch in epochs { #expect(epoch.sorted() == Array(0..<loader.epochLengths[source])) }
      #expect(Set(epochs).count == 5)
    }
  }

  @Test func samplesFollowFromSeedStageAndNumberAlone() throws {
    let folder = try TemporaryFolder()
    let a = try makeSource(folder.path.appendingPath("a")).source
    let b = try makeSource(folder.path.appendingPath("b"), seed: 2).source
    func loader(seed: UInt64 = 5, stage: Int = 1, first: UInt64 = 0) throws -> MixtureLoader {
      try MixtureLoader(
        sources: [a, b], weights: [0.7, 0.3], sequenceLength: 16, seed: seed, stage: stage, firstSample: first)
    }
    let whole = try loader()
    let run = try (0..<500).map { try read(whole, $0) }
    // Resumed at 300, backwards, and through another loader: the same samples.
    let resumed = try loader()
    for n in (300..<500).reversed() {
      let sample = try read(resumed, UInt64(n))
      #expect(sample.tokens == run[n].tokens && sample.starts == run[n].starts && sample.origin == run[n].origin)
    }
    let shifted = try loader(first: 100)
    #expect(try read(shifted, 7).tokens == run[107].tokens)
    let windows = run.map(\.origin)
    #expect(try (0..<500).map { try loader(seed: 6).origin(of: $0) } != windows)
    #expect(try (0..<500).map { try loader(stage: 2).origin(of: $0) } != windows)
  }

  /// The order is part of what a run's folder promises, so it may never change.
  @Test func orderEqualsTheGoldenOne() throws {
    let folder = try TemporaryFolder()
    for (name, windows) in [("a", 1000), ("b", 37)] {
      try Paths.createFolder(folder.path.appendingPath(name))
      try writeTokenFile(folder.path.appendingPath("\(name)/000_x.ds"), lengths: [10 * windows + 3])
    }
    let sources = try ["a", "b"].map { try TokenSource(folder.path.appendingPath($0)) }
    let loader = try MixtureLoader(sources: sources, weights: [3, 1], sequenceLength: 10, seed: 42, stage: 1)
    #expect(loader.epochLengths == [1000, 37])
    let rows = try JSON.parse(contentsOfFile: goldenFolder().appendingPath("order.json")).arrayValue ?? []
    #expect(rows.count == 43)
    for row in rows {
      let values = (row.arrayValue ?? []).compactMap(\.intValue)
      try #require(values.count == 4)
      let origin = loader.origin(of: UInt64(values[0]))
      #expect([values[0], origin.source, origin.epoch, origin.window] == values)
    }
  }

  @Test func farSamplesCostNoMoreThanNearOnes() throws {
    let folder = try TemporaryFolder()
    let a = try makeSource(folder.path.appendingPath("a")).source
    let b = try makeSource(folder.path.appendingPath("b"), seed: 2).source
    let loader = try MixtureLoader(sources: [a, b], weights: [0.9, 0.1], sequenceLength: 16, seed: 1)
    func cost(from first: UInt64) throws -> Duration {
      try (0..<5).map { _ in
        try ContinuousClock().measure { for n in first..<first + 5000 { _ = try read(loader, n) } }
      }.min() ?? .zero
    }
    let near = try cost(from: 0)
    // Anything that walks or skips would take millions of times longer.
    #expect(try cost(from: 1_000_000_000) < near * 20)
    #expect(try cost(from: 1_000_000_000_000) < near * 20)
  }

  @Test func badMixturesAreNamed() throws {
    let folder = try TemporaryFolder()
    let a = try makeSource(folder.path.appendingPath("a")).source
    let other = try makeSource(folder.path.appendingPath("b"), tokenizer: "other").source
    func refusal(_ sources: [TokenSource], weights: [Double]? = nil, length: Int = 8) -> String {
      sentence { _ = try MixtureLoader(sources: sources, weights: weights, sequenceLength: length, seed: 0) }
    }
    #expect(refusal([]) == "The mixture has no source; name at least one folder")
    #expect(refusal([a], weights: [1, 2]) == "The mixture has 2 weights for 1 sources; give one weight for each")
    #expect(refusal([a], weights: [-1]).hasPrefix("Weight -1.0 of source 0 is wrong"))
    #expect(refusal([a], length: 0) == "The sequence length 0 must be a positive number of tokens")
    #expect(refusal([a], length: a.tokenCount).contains("tokens, too few for the sequence length \(a.tokenCount)"))
    #expect(refusal([a, other]).hasSuffix("/b was made by the tokenizer other, but \(a.folder) by bytes"))
    let small = try MixtureLoader(sources: [a], sequenceLength: 8, seed: 0, vocabularySize: 3)
    #expect(
      sentence { for n in 0..<50 as Range<UInt64> { _ = try read(small, n) } }.hasSuffix("outside the vocabulary of 3"))
  }

  @Test func badFoldersAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(sentence { _ = try TokenSource(folder.path) }.hasPrefix("\(folder.path) holds no token files (.ds)"))
    #expect(sentence { _ = try TokenSource(folder.path + "/no") } == "\(folder.path)/no does not exist")
    let file = try folder.file("plain", "x")
    #expect(sentence { _ = try TokenSource(file) } == "\(file) is a file; name the folder of its token files")
    try writeTokenFile(folder.path.appendingPath("a.ds"), lengths: [5])
    try writeTokenFile(folder.path.appendingPath("b.ds"), lengths: [5], tokenizer: "other")
    #expect(sentence { _ = try TokenSource(folder.path) }.contains("b.ds was made by the tokenizer other, but"))
  }

  @Test func filesWithoutIndexFindDocumentsByTheirEndToken() throws {
    let folder = try TemporaryFolder()
    let tokens: [UInt8] = [1, 2, 9, 3, 9, 9, 4, 5]
    try folder.file("x.ds", tokens.flatMap { [$0, 0] })
    let source = try TokenSource(folder.path, tokenSize: 2, endOfText: 9)
    #expect(source.documentCount == nil)
    let loader = try MixtureLoader(sources: [source], sequenceLength: 7, seed: 0)
    #expect(try read(loader, 0).starts == [0, 0, 0, 3, 3, 5, 6, 6])
    let plain = try MixtureLoader(sources: [TokenSource(folder.path, tokenSize: 2)], sequenceLength: 7, seed: 0)
    #expect(try read(plain, 0).starts == [Int32](repeating: 0, count: 8))
  }

  /// A billion windows and epochs without end: where a run stands changes neither the time of a sample nor the memory.
  /// The file is sparse, a terabyte of zeros. In a process of its own, as other tests take memory meanwhile.
  @Test func costsTheSameAtAnyStep() async {
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      let path = try folder.file("big.ds", [])
      try #require(truncate(path, off_t(1_000_000_000 * 512 * 2 + 2)) == 0)
      let source = try TokenSource(folder.path, tokenSize: 2)
      let loader = try MixtureLoader(sources: [source], sequenceLength: 512, seed: 1)
      var tokens = [Int32](repeating: 0, count: 513)
      var starts = tokens
      func secondsPerSample(from first: UInt64) throws -> Double {
        let times = try (0..<400).map { i in
          try ContinuousClock().measure {
            try tokens.withUnsafeMutableBufferPointer { tokens in
              _ = try starts.withUnsafeMutableBufferPointer {
                try loader.sample(first + UInt64(i), into: tokens, documentStarts: $0)
              }
            }
          } / .seconds(1)
        }
        return times.sorted()[200]
      }
      _ = try secondsPerSample(from: 0)
      let before = residentBytes()
      let steps: [UInt64] = [0, 1_000, 1_000_000, 999_999_000, 1_000_000_000_000]
      let seconds = try steps.map { try secondsPerSample(from: $0) }
      #expect(residentBytes() - before < 1 << 20)
      let (fastest, slowest) = (try #require(seconds.min()), try #require(seconds.max()))
      #expect(slowest < 3 * fastest && slowest < 60e-6, "\(seconds)")
    }
  }
}

private func residentBytes() -> Int {
  let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
}
