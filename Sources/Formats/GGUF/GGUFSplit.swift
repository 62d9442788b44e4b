/// A GGUF model in several files, as llama.cpp's `llama-gguf-split` writes them: `NAME-00001-of-00003.gguf` and so on.
/// The first has the metadata, each has the keys `split.no` (from 0) and `split.count`, and some of the tensors.
struct GGUFSplit {
  /// The files, in order.
  let paths: [String]

  /// The files that belong to a first one; `nil` for a model in one file.
  /// - Throws: `GGUFError` when the file is not the first, or its name is not that of one of several.
  init?(first header: GGUFHeader, path: String) throws {
    let key = "split.count"
    guard let value = header.metadata[key] else { return nil }
    guard let count = value.intValue, (0...99_999).contains(count) else {
      throw GGUFError(path: path, .key(key), problem: "must be a number of files up to 99999, and is not")
    }
    guard count > 1 else { return nil }
    let number = header.metadata["split.no"]?.intValue
    let suffix = { (part: Int) in "-\(GGUFSplit.digits(part + 1))-of-\(GGUFSplit.digits(count)).gguf" }
    guard let number, (0..<count).contains(number), path.hasSuffix(suffix(number)) else {
      throw GGUFError(
        path: path, .key(key),
        problem: "says that this is one of \(count) files; the first must be called NAME\(suffix(0)), and so on")
    }
    let stem = path.dropLast(suffix(0).utf8.count)
    guard number == 0 else {
      throw GGUFError(
        path: path, problem: "is part \(number + 1) of \(count); name the first, \(String(stem + suffix(0)).lastPathPart)")
    }
    paths = (0..<count).map { stem + suffix($0) }
  }

  /// Holds a further file to what the first says.
  /// - Throws: `GGUFError` when it is another part, or of another model.
  func check(_ header: GGUFHeader, part: Int) throws {
    for (key, expected) in [("split.no", part), ("split.count", paths.count)] {
      guard header.metadata[key]?.intValue == expected else {
        throw GGUFError(path: paths[part], .key(key), problem: "is not \(expected), as the name and the first file say")
      }
    }
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
  }
}
