import Formats
import Foundation

/// A parser that must throw or return whatever bytes it gets, and never crash, hang or take memory without bound.
struct ParserCase: Sendable {
  /// How it is called on the command line.
  var name: String
  /// Files and folders of the repository to begin from; of a folder those files that end as this says.
  var seeds: [(path: String, suffix: String)] = []
  /// Texts to begin from.
  var texts: [String] = []
  /// Makes inputs to begin from.
  var made: @Sendable () throws -> [[UInt8]] = { [] }
  /// Words that inputs hold, which the fuzzer puts in where it likes.
  var words: [String] = []
  /// Parses the bytes and looks at all that comes of them.
  var parse: @Sendable (UnsafeBufferPointer<UInt8>) throws -> Void

  /// A parser that takes the path of a file.
  /// - Parameter suffix: how its name ends, for parsers that go by it.
  static func file(
    _ name: String, suffix: String = "", seeds: [(path: String, suffix: String)] = [], texts: [String] = [],
    made: @escaping @Sendable () throws -> [[UInt8]] = { [] }, words: [String] = [],
    _ parse: @escaping @Sendable (String) throws -> Void
  ) -> ParserCase {
    let input = InputFile(suffix: suffix)
    return ParserCase(name: name, seeds: seeds, texts: texts, made: made, words: words) { bytes in
      try parse(try input.holding(bytes))
    }
  }

  /// Ends a file within an input that holds several.
  static let separator: UInt8 = 0x1C

  /// A parser that takes the path of a folder with these files, which an input holds with separators between them.
  static func folder(
    _ name: String, files: [String], seeds: [(path: String, suffix: String)] = [], texts: [String] = [],
    made: @escaping @Sendable () throws -> [[UInt8]] = { [] }, words: [String] = [],
    _ parse: @escaping @Sendable (String) throws -> Void
  ) -> ParserCase {
    let folder = InputFile(suffix: ".folder").path
    let inputs = files.map { InputFile(path: folder.appendingPath($0)) }
    return ParserCase(name: name, seeds: seeds, texts: texts, made: made, words: words) { bytes in
      try Paths.createFolder(folder)
      var rest = bytes[...]
      for (place, input) in inputs.enumerated() {
        let end = place == inputs.count - 1 ? rest.endIndex : rest.firstIndex(of: separator) ?? rest.endIndex
        _ = try input.holding(UnsafeBufferPointer(rebasing: rest[..<end]))
        rest = rest[min(end + 1, rest.endIndex)...]
      }
      try parse(folder)
    }
  }

  /// Writes the seeds into a folder of inputs.
  func writeSeeds(to folder: String) throws {
    for (number, text) in texts.enumerated() {
      try AtomicFile.write(text, to: folder.appendingPath("text-\(number)"))
    }
    for (number, bytes) in try made().enumerated() {
      try AtomicFile.write(bytes, to: folder.appendingPath("made-\(number)"))
    }
    for seed in seeds {
      let paths = Paths.isFolder(seed.path) ? try Self.files(under: seed.path) : [seed.path]
      for path in paths where path.hasSuffix(seed.suffix) {
        let bytes = try MappedFile(path).withBytes { Array($0) }
        try AtomicFile.write(bytes, to: folder.appendingPath(path.split(separator: "/").joined(separator: "-")))
      }
    }
  }

  /// Writes the words as a dictionary of libFuzzer.
  func writeWords(to path: String) throws {
    let lines = words.map { word in
      "\"" + word.utf8.map { "\\x" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\"\n"
    }
    try AtomicFile.write(lines.joined(), to: path)
  }

  private static func files(under folder: String) throws -> [String] {
    try Paths.names(inFolder: folder).flatMap { name in
      let path = folder.appendingPath(name)
      return Paths.isFolder(path) ? try files(under: path) : [path]
    }
  }
}

/// A file in memory that takes one input after the other, for parsers that map what they read. The script removes it.
private struct InputFile {
  let path: String

  init(path: String) { self.path = path }

  init(suffix: String) { path = "/dev/shm/apus-fuzz-\(getpid())-\(UUID().uuidString)\(suffix)" }

  /// Its path, while it holds `bytes`; one input at a time.
  func holding(_ bytes: UnsafeBufferPointer<UInt8>) throws -> String {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be written") }
    defer { close(descriptor) }
    guard write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
      throw FileError(path: path, action: "cannot be written")
    }
    return path
  }
}
