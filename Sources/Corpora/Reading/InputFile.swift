import Formats
import Foundation

/// A file of documents, told apart by its name.
public struct InputFile: Sendable, Equatable {
  /// How documents lie in a file.
  public enum Layout: Sendable, Equatable {
    /// The whole file is one document, taken byte for byte.
    case text
    /// Each line is a JSON object with one document in a field.
    case jsonLines
    /// Each row of a Parquet file has one document in a column.
    case parquet
  }

  /// The file's path.
  public let path: String
  /// How its documents lie in it.
  public let layout: Layout
  /// Whether it is compressed with gzip.
  public let isCompressed: Bool
  /// Its size on disk in bytes.
  public let byteCount: Int

  /// Tells a file's layout from its name: `.jsonl`, `.ndjson` and `.json` are JSON lines, `.parquet` is Parquet,
  /// everything else text; `.gz` behind lines or text means gzip.
  /// - Throws: `FileError` when it is missing, `CorpusError` for containers that are not read.
  public init(_ path: String) throws {
    self.path = path
    byteCount = try Paths.size(ofFile: path)
    var name = path.lastPathPart.lowercased()
    isCompressed = name.hasSuffix(".gz")
    if isCompressed { name.removeLast(3) }
    if name.hasSuffix(".parquet"), !isCompressed {
      layout = .parquet
      return
    }
    for (suffix, container) in InputFile.unreadable where name.hasSuffix(suffix) {
      throw CorpusError(
        path, "is \(container), which is not read here; give text, JSON lines, either with .gz, or Parquet")
    }
    layout = [".jsonl", ".ndjson", ".json"].contains(where: name.hasSuffix) ? .jsonLines : .text
  }

  private static let unreadable: [(String, String)] = [
    (".parquet", "a Parquet file inside gzip"), (".zst", "a Zstandard file"), (".bz2", "a bzip2 file"),
    (".xz", "an xz file"),
    (".zip", "a zip archive"), (".tar", "a tar archive"), (".tgz", "a tar archive"), (".arrow", "an Arrow file"),
    (".ds", "a file of tokens"), (".ds.index", "the index of a file of tokens"),
    (".ds.metadata", "the metadata of a file of tokens"), (".safetensors", "a file of tensors"),
  ]

  /// The files under some paths: each path in the order given, folders with all they hold, sorted by bytes.
  ///
  /// In folders, hidden and empty files are passed over.
  /// - Throws: `FileError` for a missing path, `CorpusError` for an empty file, a folder without files, or a container
  ///   that is not read.
  public static func enumerate(_ paths: [String]) throws -> [InputFile] {
    guard !paths.isEmpty else { throw CorpusError("The list of inputs", "is empty; name files or folders of text") }
    var files: [InputFile] = []
    for path in paths {
      guard Paths.exists(path) else { throw FileError(path: path, problem: "does not exist") }
      guard Paths.isFolder(path) else {
        let file = try InputFile(path)
        if file.byteCount == 0 { throw CorpusError(path, "is empty: there is no text in it") }
        files.append(file)
        continue
      }
      let count = files.count
      var visited: Set<String> = []
      try descend(path, &visited, &files)
      if files.count == count { throw CorpusError(path, "holds no files with text") }
    }
    return files
  }

  private static func descend(_ folder: String, _ visited: inout Set<String>, _ files: inout [InputFile]) throws {
    // A link to a folder above would otherwise lead round for ever.
    guard visited.insert(URL(fileURLWithPath: folder).resolvingSymlinksInPath().path).inserted else { return }
    for name in try Paths.names(inFolder: folder) where !name.hasPrefix(".") {
      let path = folder.appendingPath(name)
      if Paths.isFolder(path) {
        try descend(path, &visited, &files)
      } else {
        let file = try InputFile(path)
        if file.byteCount > 0 { files.append(file) }
      }
    }
  }
}
