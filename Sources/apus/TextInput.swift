import Formats
import Tokenization

/// Reads documents from text files: `.txt` (each file one), `.jsonl` (the field `text` of each line), both also with
/// `.gz`, and folders of them in the order of their names.
enum TextInput {
  /// Calls a function with each document's bytes.
  static func forEachDocument(_ paths: [String], _ body: ([UInt8]) throws -> Void) throws {
    for path in paths {
      guard Paths.exists(path) else { throw TokenizerError(path, "there is no such file or folder") }
      guard Paths.isFolder(path) else {
        try read(path, body)
        continue
      }
      for name in try Paths.names(inFolder: path).sorted() {
        let inner = path.appendingPath(name)
        if Paths.isFolder(inner) || isText(name) { try forEachDocument([inner], body) }
      }
    }
  }

  private static func isText(_ name: String) -> Bool {
    [".txt", ".jsonl", ".txt.gz", ".jsonl.gz"].contains { name.hasSuffix($0) }
  }

  private static func read(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
    if path.hasSuffix(".gz") {
      try GzipReader.contents(ofFile: path).withUnsafeBufferPointer { try split(path, $0, body) }
    } else {
      try MappedFile(path, advice: .sequential).withBytes { try split(path, $0, body) }
    }
  }

  private static func split(
    _ path: String, _ bytes: UnsafeBufferPointer<UInt8>, _ body: ([UInt8]) throws -> Void
  ) throws {
    guard path.hasSuffix(".jsonl") || path.hasSuffix(".jsonl.gz") else {
      try body(Array(bytes))
      return
    }
    let lines = JSONLines(name: path, key: "text")
    var start = 0
    var number = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0a { end += 1 }
      number += 1
      let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
      if line.contains(where: { $0 > 0x20 }) { try body(try lines.field(ofLine: line, number: number)) }
      start = end + 1
    }
  }
}
