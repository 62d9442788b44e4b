import Formats

/// Rows of a dataset.
enum DatasetRows {
  /// All rows of a split's files: Parquet, JSON lines (also compressed with gzip), or one JSON array.
  /// - Throws: a sentence naming file and line where one is damaged.
  static func read(_ files: [String]) throws -> [JSON] {
    try files.flatMap { path in
      if path.hasSuffix(".parquet") { return try ParquetFile.rows(ofFile: path) }
      if path.hasSuffix(".json") {
        guard let rows = try JSON.parse(contentsOfFile: path).arrayValue else { return try lines(path) }
        return rows
      }
      return try lines(path)
    }
  }

  private static func lines(_ path: String) throws -> [JSON] {
    let bytes = path.hasSuffix(".gz") ? try decompressed(path) : try MappedFile(path).withBytes { Array($0) }
    return try bytes.withUnsafeBufferPointer { bytes in
      var rows: [JSON] = []
      var start = 0
      var number = 0
      while start < bytes.count {
        let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        number += 1
        let line = UnsafeBufferPointer(rebasing: bytes[start..<end])
        start = end + 1
        if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
        let row = try JSON.parse(line, name: "\(path), line \(number)")
        guard row.objectValue != nil else {
          throw EvaluationError("\(path), line \(number),", "is \(row.kind); every line must be an object")
        }
        rows.append(row)
      }
      return rows
    }
  }

  /// Most bytes of a compressed file; the largest benchmark has far fewer.
  private static let limit = 4 << 30

  private static func decompressed(_ path: String) throws -> [UInt8] {
    let reader = try GzipReader(path)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = try piece.withUnsafeMutableBytes { try reader.read(into: $0) }
      if count == 0 { return bytes }
      bytes += piece[..<count]
      guard bytes.count <= limit else {
        throw FileError(path: path, problem: "is larger than \(limit >> 30) GiB unpacked")
      }
    }
  }
}
