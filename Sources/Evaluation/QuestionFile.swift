public import Corpora
import Formats

/// Files of questions as `apus data synthesize` writes them: a line is
/// `{"id", "category", "prompt", "answer", "choices"}`; `id` and `choices` may be missing.
public enum QuestionFile {
  /// The questions of a file.
  /// - Throws: a sentence naming file and line when one is damaged, or the file when it has none.
  public static func read(_ path: String) throws -> [TinyWorld.Question] {
    let questions = try ObjectLines.read(path).map { try question($0.row, number: $0.number, path) }
    guard !questions.isEmpty else { throw CorpusError(path, "holds no questions") }
    return questions
  }

  /// The files that some paths mean: themselves, or the `.jsonl` files of a folder by name.
  /// - Throws: `FileError` for a path that is not there, `CorpusError` for a folder without questions.
  public static func files(_ paths: [String]) throws -> [String] {
    try paths.flatMap { path in
      guard Paths.exists(path) else { throw FileError(path: path, problem: "does not exist") }
      guard Paths.isFolder(path) else { return [path] }
      let names = try Paths.names(inFolder: path).filter { $0.hasSuffix(".jsonl") }
      guard !names.isEmpty else { throw CorpusError(path, "holds no files of questions (.jsonl)") }
      return names.map { path.appendingPath($0) }
    }
  }

  private static func question(_ json: JSON, number: Int, _ path: String) throws -> TinyWorld.Question {
    func text(_ key: String) throws -> String {
      guard let value = json[key]?.stringValue, !value.isEmpty else {
        throw CorpusError("\(path), line \(number),", "has no text under \"\(key)\"")
      }
      return value
    }
    let name = try text("category")
    guard let category = TinyWorld.Category(rawValue: name) else {
      let known = TinyWorld.Category.allCases.map(\.rawValue).joined(separator: ", ")
      throw CorpusError("\(path), line \(number),", "has the category \"\(name)\", which is none of \(known)")
    }
    return TinyWorld.Question(
      id: json["id"]?.stringValue ?? "\(name)-\(number)", category: category, prompt: try text("prompt"),
      answer: try text("answer"), choices: (json["choices"]?.arrayValue ?? []).compactMap(\.stringValue))
  }
}
