/// Replaces whole files so that a reader, or a machine that loses power, sees the old content or the new one.
public enum AtomicFile {
  /// Writes `bytes` as the file at `path`.
  /// - Throws: `FileError`; then `path` is as it was before.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try write(to: path) { try $0.write(bytes) }
  }

  /// Writes `text` in UTF-8 as the file at `path`.
  /// - Throws: `FileError`; then `path` is as it was before.
  public static func write(_ text: String, to path: String) throws {
    try write(to: path) { try $0.write(text) }
  }

  /// Writes a file through `body` and puts it in place when `body` returns.
  /// - Throws: `FileError`, or what `body` throws; then `path` is as it was before.
  public static func write<Result>(to path: String, _ body: (FileWriter) throws -> Result) throws -> Result {
    let writer = try FileWriter(path)
    do {
      let result = try body(writer)
      try writer.commit()
      return result
    } catch {
      writer.discard()
      throw error
    }
  }
}
