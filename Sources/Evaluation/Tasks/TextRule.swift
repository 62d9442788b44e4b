public import Formats
import Foundation

/// A text made from a row: a template, then regular expressions whose matches are replaced.
public struct TextRule: Sendable {
  let template: PromptTemplate
  let replacements: [Replacement]

  struct Replacement: Sendable {
    let expression: NSRegularExpression
    let text: String
  }

  /// The text of a row.
  public func text(_ row: JSON) throws -> String {
    replacements.reduce(try template.text(row)) { text, replacement in
      replacement.expression.stringByReplacingMatches(
        in: text, range: NSRange(text.startIndex..., in: text), withTemplate: replacement.text)
    }
  }

  /// Reads a template, or a mapping of `text` and `replace`, a list of pairs.
  init(_ value: JSON, place: String) throws {
    guard case .object(let members) = value else {
      guard let source = Self.source(value) else {
        throw EvaluationError(place, "is \(value.kind); it must be a template, or a mapping with \"text\"")
      }
      self.init(template: try PromptTemplate(source, place: place), replacements: [])
      return
    }
    let node = TaskNode(place: place, members: members)
    try node.allow(["text", "replace"])
    self.init(
      template: try PromptTemplate(try node.required("text"), place: place),
      replacements: try Self.replacements(node))
  }

  init(template: PromptTemplate, replacements: [Replacement]) {
    self.template = template
    self.replacements = replacements
  }

  /// A text, or a number written as one.
  static func source(_ value: JSON) -> String? { value.stringValue ?? value.intValue.map { "\($0)" } }

  static func replacements(_ node: TaskNode) throws -> [Replacement] {
    guard let list = node.value("replace") else { return [] }
    return try (list.arrayValue ?? [.null]).map { pair in
      guard let pattern = pair[0]?.stringValue, let text = pair[1]?.stringValue, pair.arrayValue?.count == 2 else {
        throw node.problem("replace", "must be a list of pairs of a regular expression and a text")
      }
      do {
        return Replacement(
          expression: try NSRegularExpression(pattern: pattern),
          text: NSRegularExpression.escapedTemplate(for: text))
      } catch {
        throw node.problem("replace", "holds \"\(pattern)\", which is no regular expression")
      }
    }
  }
}

/// Several texts made from a row: a template that gives a list, or one text for each `item` of it.
public struct ListRule: Sendable {
  let list: PromptTemplate
  let item: TextRule?

  /// The texts of a row.
  public func texts(_ row: JSON) throws -> [String] {
    let value = try list.value(row)
    guard let elements = value.arrayValue else {
      throw EvaluationError(list.place, "gives \(value.kind) where a list is needed")
    }
    return try elements.enumerated().map { index, element in
      guard let item else {
        guard let text = TextRule.source(element) else {
          throw EvaluationError(list.place, "gives a list with \(element.kind); its elements must be texts")
        }
        return text
      }
      var own = row
      own["item"] = element
      own["index"] = .integer(Int64(index))
      return try item.text(own)
    }
  }

  /// Reads a list of texts, a template that gives one, or a mapping of `of`, `text` and `replace`.
  init(_ value: JSON, place: String) throws {
    switch value {
    case .string(let source):
      self.init(list: try PromptTemplate(source, place: place), item: nil)
    case .array(let items):
      guard items.allSatisfy({ TextRule.source($0) != nil }) else {
        throw EvaluationError(place, "holds something else than texts")
      }
      self.init(list: PromptTemplate(constant: .array(items), place: place), item: nil)
    case .object(let members):
      let node = TaskNode(place: place, members: members)
      try node.allow(["of", "text", "replace"])
      let item = TextRule(
        template: try PromptTemplate(try node.string("text") ?? "{{ item }}", place: place),
        replacements: try TextRule.replacements(node))
      self.init(list: try PromptTemplate(try node.required("of"), place: place), item: item)
    default: throw EvaluationError(place, "is \(value.kind); it must be a list or a template that gives one")
    }
  }

  private init(list: PromptTemplate, item: TextRule?) {
    self.list = list
    self.item = item
  }
}
