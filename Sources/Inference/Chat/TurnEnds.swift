public import ChatTemplates
public import Formats
import Tokenization

/// What a template writes after an answer: a model that has learned it ends its turn with that, whether its folder says
/// so or not.
struct TurnEnds {
  /// The special token, where it is one.
  var tokens: [UInt32] = []
  /// Its text, where the tokenizer knows no such token.
  var strings: [String] = []

  /// Looks at how a template ends an answer; a template that refuses to tell ends none.
  init(_ template: ChatTemplate, variables: [String: JSON], tokenizer: Tokenizer) {
    let answer = "answer7x"
    let messages: JSON = [
      ["role": "user", "content": "question7x"], ["role": "assistant", "content": .string(answer)],
    ]
    guard let text = try? template.render(messages: messages, variables: variables).text.utf8,
      let place = Self.last(Array(answer.utf8), in: Array(text))
    else { return }
    let rest = String(decoding: Array(text)[place...].drop { $0 == 0x20 || $0 == 0x0A }, as: UTF8.self)
    guard !rest.isEmpty else { return }
    if let first = tokenizer.encode(rest, specialTokens: .recognised).first, tokenizer.isSpecial(first) {
      tokens = [first]
    } else if let line = rest.split(separator: "\n").first, line.first == "<" || line.first == "[" {
      // A mark in brackets; anything else may be text that an answer may hold.
      strings = [String(line)]
    }
  }

  /// The place after the last occurrence.
  private static func last(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    return (0...bytes.count - pattern.count).last { bytes[$0..<$0 + pattern.count].elementsEqual(pattern) }
      .map { $0 + pattern.count }
  }
}

extension LanguageModel {
  /// The same model, whose texts also end where a chat template ends an answer.
  /// - Returns: it, and the marks that end an answer too, but of which the tokenizer makes no token: stop strings.
  public func endingTurns(
    of template: ChatTemplate, variables: [String: JSON] = [:]
  ) -> (model: LanguageModel, stopStrings: [String]) {
    let ends = TurnEnds(template, variables: variables, tokenizer: tokenizer)
    let model = LanguageModel(
      model, tokenizer: tokenizer, execution: execution, endOfTextTokens: Array(endOfTextTokens) + ends.tokens,
      defaults: defaults)
    return (model, ends.strings)
  }
}
