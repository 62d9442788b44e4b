/// Whole files of text.
public enum TextFile {
  /// The text of a UTF-8 file.
  /// - Throws: `FileError` when the file is missing, unreadable or not UTF-8.
  public static func read(_ path: String) throws -> String {
    let file = try MappedFile(path)
    // The mapping must outlive the bytes, which do not hold it.
    let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
    guard let text else { throw FileError(path: path, problem: "is not UTF-8 text") }
    return text
  }
}
