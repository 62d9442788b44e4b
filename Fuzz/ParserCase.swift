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
  /// Parses the bytes and looks at all that comes of them.
  var parse: @Sendable (UnsafeBufferPointer<UInt8>) throws -> Void

  /// A parser that takes the path of a file.
  static func file(
    _ name: String, seeds: [(path: String, suffix: String)] = [], texts: [String] = [],
    _ parse: @escaping @Sendable (String) throws -> Void
  ) -> ParserCase {
    let input = InputFile()
    return ParserCase(name: name, seeds: seeds, texts: texts) { bytes in try parse(try input.holding(bytes)) }
  }

  /// Writes the seeds into a folder of inputs.
  func writeSeeds(to folder: String) throws {
    for (number, text) in texts.enumerated() {
      try AtomicFile.write(text, to: folder.appendingPath("text-\(number)"))
    }
    for seed in seeds {
      let paths = Paths.isFolder(seed.path) ? try Self.files(under: seed.path) : [seed.path]
      for path in paths where path.hasSuffix(seed.suffix) {
        let bytes = try MappedFile(path).withBytes { Array($0) }
        try AtomicFile.write(bytes, to: folder.appendingPath(path.split(separator: "/").joined(separator: "-")))
      }
    }
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
  private let path = "/dev/shm/apus-fuzz-\(getpid())-\(UUID().uuidString)"

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
