import Formats
import Inference

/// A file of prompts: a JSON object a line.
enum PromptFile {
  struct Line {
    var id: JSON?
    var prompt: String?
    var tokens: [UInt32]
    var seed: UInt64?
    var maxTokens: Int?
  }

  /// Reads all prompts.
  /// - Throws: a sentence naming file and line that cannot be used.
  static func read(_ path: String, model: LanguageModel) throws -> [Line] {
    var lines: [Line] = []
    let texts = try TextFile.read(path).utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, text) in texts.enumerated() where text.contains(where: { $0 > 0x20 }) {
      let place = "\(path), line \(number + 1),"
      let object = try JSON.parse(Array(text), name: place)
      guard object.objectValue != nil else {
        throw InferenceError(place, "holds \(object.kind); it must be an object such as {\"prompt\": \"…\"}")
      }
      let prompt = object["prompt"]?.stringValue
      let tokens = object["tokens"]?.arrayValue?.map { $0.intValue.flatMap(UInt32.init(exactly:)) }
      guard (prompt == nil) != (tokens == nil), tokens?.contains(nil) != true else {
        throw InferenceError(place, "must have either \"prompt\" with a text or \"tokens\" with a list of numbers")
      }
      func whole<Value>(_ key: String, _ value: (JSON) -> Value?) throws -> Value? {
        guard let given = object[key], !given.isNull else { return nil }
        guard let value = value(given) else {
          throw InferenceError(place, "has \(given.serializedString()) for \(key); it must be a whole number from 0")
        }
        return value
      }
      lines.append(
        Line(
          id: object["id"], prompt: prompt,
          tokens: try tokens?.compactMap(\.self) ?? model.promptTokens(prompt ?? ""),
          seed: try whole("seed") { $0.int64Value.flatMap(UInt64.init(exactly:)) },
          maxTokens: try whole("max_tokens") { $0.intValue.flatMap { $0 < 0 ? nil : $0 } }))
      do {
        try model.check(prompt: lines[lines.count - 1].tokens)
      } catch {
        throw InferenceError(place, "cannot be used: \(error)")
      }
    }
    guard !lines.isEmpty else { throw InferenceError(path, "holds no prompt") }
    return lines
  }
}
