/// How the pages of a column are compressed.
public enum ParquetCompression: String, Sendable, CaseIterable {
  case none
  /// Ours: needs no library.
  case snappy
  /// By the system's `libz.so.1`.
  case gzip
  /// By the system's `libzstd.so.1`.
  case zstd

  /// The number in parquet.thrift.
  var number: Int {
    switch self {
    case .none: 0
    case .snappy: 1
    case .gzip: 2
    case .zstd: 6
    }
  }

  init(number: Int) throws {
    if let known = Self.allCases.first(where: { $0.number == number }) {
      self = known
      return
    }
    let name = [3: "LZO", 4: "Brotli", 5: "LZ4", 7: "LZ4"][number] ?? "codec \(number)"
    throw ParquetDamage(
      "is compressed with \(name), which is not read here; write the file with snappy, gzip, zstd or no compression")
  }

  /// Pages that claim to become more than this are refused.
  static let byteLimit = 1 << 30

  /// What a compressed byte can become at most, so that a lying size allocates nothing.
  private var largestRatio: Int {
    switch self {
    case .none: 1
    case .snappy: 24
    case .gzip: 1040
    case .zstd: 1 << 16
    }
  }

  /// Decompresses a page that must become `byteCount` bytes.
  package func decompress(_ input: UnsafeRawBufferPointer, byteCount: Int) throws -> ParquetMemory {
    guard byteCount <= Self.byteLimit, byteCount <= (input.count + 8) * largestRatio else {
      throw ParquetDamage("has a page that claims to become \(byteCount) bytes, of \(input.count) by \(rawValue)")
    }
    return try ParquetMemory(byteCount: byteCount) { output in
      switch self {
      case .none: throw ParquetDamage("has an uncompressed page that is to be decompressed")
      case .snappy:
        guard Snappy.decompress(input, into: output) else { throw ParquetDamage("has damaged snappy data") }
      case .gzip:
        guard let zlib = Zlib.shared else { throw ParquetDamage("needs gzip: \(Zlib.missing)") }
        guard zlib.decompress(input, into: output) else { throw ParquetDamage("has damaged gzip data") }
      case .zstd:
        guard let zstandard = Zstandard.shared else { throw ParquetDamage("needs zstd: \(Zstandard.missing)") }
        guard zstandard.decompress(input, into: output) else { throw ParquetDamage("has damaged zstd data") }
      }
    }
  }

  /// Compresses a page.
  package func compress(_ input: [UInt8]) throws -> [UInt8] {
    let output: [UInt8]?
    switch self {
    case .none: output = input
    case .snappy: output = input.withUnsafeBytes { Snappy.compress($0) }
    case .gzip:
      guard let zlib = Zlib.shared else { throw ParquetDamage("needs gzip: \(Zlib.missing)") }
      output = zlib.compress(input)
    case .zstd:
      guard let zstandard = Zstandard.shared else { throw ParquetDamage("needs zstd: \(Zstandard.missing)") }
      output = zstandard.compress(input)
    }
    guard let output else { throw ParquetDamage("has a page of \(input.count) bytes that \(rawValue) cannot compress") }
    return output
  }
}
