import Formats

/// Reads which tokens `post_processor` puts around a single text.
enum PostProcessorTemplate {
  typealias Template = (before: [UInt32], after: [UInt32])

  static func read(_ value: JSON, file: String) throws(TokenizerError) -> Template {
    if value.isNull { return ([], []) }
    switch value["type"]?.stringValue {
    case "ByteLevel": return ([], [])
    case "Sequence":
      var result: Template = ([], [])
      for step in value["processors"]?.arrayValue ?? [] {
        // Steps are not nested; one that were would end as an unknown type.
        guard step["type"]?.stringValue != "Sequence" else { break }
        let inner = try read(step, file: file)
        result = (inner.before + result.before, result.after + inner.after)
      }
      return result
    case "TemplateProcessing": return try template(value, file: file)
    case "BertProcessing", "RobertaProcessing":
      return ([try id(value["cls"], of: value, file)], [try id(value["sep"], of: value, file)])
    case let type:
      throw TokenizerError(
        file,
        "the post_processor \(type ?? value.kind) is not supported: it must be ByteLevel, "
          + "TemplateProcessing, BertProcessing, RobertaProcessing or a Sequence of these")
    }
  }

  /// The number in a pair of a token and its number.
  private static func id(_ pair: JSON?, of value: JSON, _ file: String) throws(TokenizerError) -> UInt32 {
    guard let id = pair?[1]?.intValue, id >= 0, id < BPETrainer.largestVocabulary else {
      throw TokenizerError(
        file, "the post_processor \(value["type"]?.stringValue ?? "") needs cls and sep, each a token and its number")
    }
    return UInt32(id)
  }

  private static func template(_ value: JSON, file: String) throws(TokenizerError) -> Template {
    var result: Template = ([], [])
    var isAfter = false
    for piece in value["single"]?.arrayValue ?? [] {
      if piece["Sequence"] != nil {
        isAfter = true
        continue
      }
      let name = piece["SpecialToken"]?["id"]?.stringValue ?? ""
      let values = value["special_tokens"]?[name]?["ids"]?.arrayValue
      guard let values else {
        throw TokenizerError(file, "post_processor uses \"\(name)\", which is none of its special_tokens")
      }
      for value in values {
        guard let id = value.intValue, id >= 0, id < BPETrainer.largestVocabulary else {
          throw TokenizerError(file, "post_processor gives \"\(name)\" the number \(value), which is no token number")
        }
        if isAfter { result.after.append(UInt32(id)) } else { result.before.append(UInt32(id)) }
      }
    }
    return result
  }
}
