import Crypto

/// SHA-256 (FIPS 180-4), computed piece by piece.
public struct SHA256Digest {
  private var hash = SHA256()

  /// The digest of nothing so far.
  public init() {}

  /// Adds bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

  /// Adds bytes.
  public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { hash.update(bufferPointer: $0) } }

  /// The 32 bytes of the digest of all that was added.
  public func finalized() -> [UInt8] { Array(hash.finalize()) }

  /// The digest as 64 lowercase hexadecimal digits.
  public func hex() -> String { SHA256Digest.hex(finalized()) }

  /// The digest of some bytes.
  public static func bytes(of bytes: UnsafeRawBufferPointer) -> [UInt8] {
    var digest = SHA256Digest()
    digest.update(bytes)
    return digest.finalized()
  }

  /// The first 128 bits of the digest of some bytes, big-endian halves: enough to tell documents apart.
  public static func prefix128(of bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64) {
    var digest = SHA256()
    digest.update(bufferPointer: bytes)
    return digest.finalize().withUnsafeBytes {
      (
        UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
  }

  /// The digest of a file as 64 lowercase hexadecimal digits.
  /// - Throws: `FileError` when it cannot be read.
  public static func hex(ofFile path: String) throws -> String {
    let file = try MappedFile(path, advice: .sequential)
    var digest = SHA256Digest()
    withExtendedLifetime(file) { digest.update(file.bytes) }
    return digest.hex()
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
