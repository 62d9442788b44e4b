import Formats
import Foundation

/// A folder of compiled kernels, each under the digest of what it was made from.
///
/// Several processes may use it at once: files appear whole. A damaged one counts as missing and is written again.
public struct KernelCache: Sendable {
  /// The folder, which need not be there yet.
  public let folder: String

  /// A cache in this folder.
  public init(folder: String) { self.folder = folder }

  /// The user's: `apus/kernels` in `XDG_CACHE_HOME` or `~/.cache`; nil where neither is known.
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> KernelCache? {
    // The XDG specification has relative paths ignored.
    if let root = environment["XDG_CACHE_HOME"], root.hasPrefix("/") {
      return KernelCache(folder: root.appendingPath("apus/kernels"))
    }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return KernelCache(folder: home.appendingPath(".cache/apus/kernels"))
  }

  /// The code stored as `key`, nil where there is none that is whole.
  public func load(_ key: String) -> [UInt8]? {
    guard let file = try? MappedFile(path(of: key)) else { return nil }
    return withExtendedLifetime(file) {
      let bytes = file.bytes
      guard bytes.count > Self.headerBytes, bytes.prefix(Self.mark.count).elementsEqual(Self.mark) else { return nil }
      let code = UnsafeRawBufferPointer(rebasing: bytes[Self.headerBytes...])
      let digest = bytes[Self.mark.count..<Self.headerBytes]
      return digest.elementsEqual(SHA256Digest.bytes(of: code)) ? Array(code) : nil
    }
  }

  /// Stores code.
  /// - Throws: `FileError` where the folder cannot be made or written to.
  public func store(_ code: [UInt8], as key: String) throws {
    try Paths.createFolder(folder)
    let digest = code.withUnsafeBytes(SHA256Digest.bytes(of:))
    try AtomicFile.write(Self.mark + digest + code, to: path(of: key))
  }

  private func path(of key: String) -> String { folder.appendingPath(key + ".kernels") }

  private static let mark = Array("APUSKRN1".utf8)
  private static let headerBytes = 8 + 32
}
