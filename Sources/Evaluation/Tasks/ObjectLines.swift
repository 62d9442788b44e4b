import Formats

/// The objects of a file of JSON lines.
enum ObjectLines {
  /// An object and the number of its line, from 1.
  struct Line {
    let row: JSON
    let number: Int
  }

  /// All objects of a file, plain or compressed with gzip; blank lines are passed over.
  /// - Throws: a sentence naming file and line where one is damaged or holds something else.
  static func read(_ path: String) throws -> [Line] {
    let bytes =
      path.hasSuffix(".gz")
      ? try GzipReader.contents(ofFile: path, limit: largest) : try MappedFile(path).withBytes { Array($0) }
    return try bytes.withUnsafeBufferPointer { bytes in
      var lines: [Line] = []
      var start = 0
      var number = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        number += 1
        let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
        start = end + 1
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
        let row = try JSON.parse(line, name: "\(path), line \(number)")
        guard row.objectValue != nil else {
          throw EvaluationError("\(path), line \(number),", "is \(row.kind); every line must be an object")
        }
        lines.append(Line(row: row, number: number))
      }
      return lines
    }
  }

  /// Most bytes of a compressed file; the largest benchmark has far fewer.
  private static let largest = 4 << 30
}
