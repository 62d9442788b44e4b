import ChatTemplates
import Formats

/// A piece of a prompt in the language Jinja, filled from a row: the row's columns are its variables, and `row` is all
/// of it. Besides what chat templates have it knows `letters` (A to Z), `capital(text)`, `continued(before, text)` and
/// `boxed(solution)`.
public struct PromptTemplate: Sendable {
  /// Where it stands, for messages.
  let place: String
  private let content: Content

  private enum Content {
    case constant(JSON)
    /// `writesJSON`: the template is one expression, whose value it writes as JSON.
    case template(ChatTemplate, writesJSON: Bool)
  }

  /// `capital` ends a text where its last character does and begins it with a capital; `continued` begins it as the
  /// text before it asks for, with a capital after the end of a sentence or line, else without. `boxed` is what stands
  /// in the last `\boxed{…}`, braces within it counted.
  private static let prelude = """
    {%- macro capital(text) -%}{% set whole = text.rstrip() %}{{ whole[:1].upper() ~ whole[1:] }}{%- endmacro -%}
    {%- macro continued(before, text) -%}\
    {%- if before == '' or before[-1:] == '\\n' or before.rstrip()[-1:] in ['.', '?', '!', ':', ';'] -%}\
    {{ text[:1].upper() ~ text[1:] }}{%- else -%}{{ text[:1].lower() ~ text[1:] }}{%- endif -%}\
    {%- endmacro -%}
    {%- macro boxed(text) -%}\
    {%- set state = namespace(depth=1) -%}\
    {%- for letter in text.split('\\\\boxed{')[-1] -%}\
    {%- if letter == '{' %}{% set state.depth = state.depth + 1 %}{% endif -%}\
    {%- if letter == '}' %}{% set state.depth = state.depth - 1 %}{% endif -%}\
    {%- if state.depth > 0 %}{{ letter }}{% else %}{% break %}{% endif -%}\
    {%- endfor -%}\
    {%- endmacro -%}
    """
  private static let letters = JSON.array("ABCDEFGHIJKLMNOPQRSTUVWXYZ".map { .string(String($0)) })
  /// Stands around a template, so that no tag takes the white space at its ends and Jinja keeps its last newline.
  private static let edge = "\u{1}"

  init(_ source: String, place: String) throws {
    self.place = place
    guard source.contains("{{") || source.contains("{%") || source.contains("{#") else {
      content = .constant(.string(source))
      return
    }
    let expression = Self.expression(source)
    let written = expression.map { "{{ (\($0)) | tojson }}" } ?? source
    do {
      let template = try ChatTemplate(source: Self.prelude + Self.edge + written + Self.edge, name: place)
      content = .template(template, writesJSON: expression != nil)
    } catch {
      throw EvaluationError(place, "is no template: \(error)")
    }
  }

  /// A template that gives the same for every row.
  init(constant: JSON, place: String) {
    self.place = place
    content = .constant(constant)
  }

  /// The text of a row.
  func text(_ row: JSON) throws -> String {
    let value = try value(row)
    switch value {
    case .string(let text): return text
    case .integer, .number: return value.serializedString()
    default: throw EvaluationError(place, "gives \(value.kind) where a text is needed")
    }
  }

  /// The value of a row: that of the expression where the template is nothing else, or else its text.
  func value(_ row: JSON) throws -> JSON {
    switch content {
    case .constant(let value): return value
    case .template(let template, let writesJSON):
      var variables = [String: JSON]()
      for (name, value) in row.objectValue ?? [:] where !Self.reserved.contains(name) { variables[name] = value }
      variables["row"] = row
      variables["letters"] = Self.letters
      let whole = try template.render(messages: .array([]), variables: variables).text
      let text = String(whole.unicodeScalars.dropFirst().dropLast())
      return writesJSON ? try JSON.parse(text, name: place) : .string(text)
    }
  }

  /// Names that chat templates keep for themselves; a row's columns of these names are reached through `row`.
  private static let reserved: Set<String> = ["messages", "tools", "documents", "add_generation_prompt", "row"]

  /// What stands in the braces of a template that is one expression and nothing else.
  private static func expression(_ source: String) -> Substring? {
    guard source.hasPrefix("{{"), source.hasSuffix("}}"), source.utf8.count >= 4 else { return nil }
    let inner = source.dropFirst(2).dropLast(2)
    return inner.contains("}}") || inner.contains("{{") || inner.contains("{%") ? nil : inner
  }
}
