import Formats

/// A piece of a prompt in the language of Jinja, filled from a row.
public struct PromptTemplate: Sendable {
  /// Where it stands, for messages.
  let place: String
  private let constant: JSON?

  init(_ source: String, place: String) throws {
    self.place = place
    constant = .string(source)
  }

  /// A template that gives the same for every row.
  init(constant: JSON, place: String) {
    self.place = place
    self.constant = constant
  }

  /// The text of a row.
  func text(_ row: JSON) throws -> String { constant?.stringValue ?? "" }

  /// The value of a row.
  func value(_ row: JSON) throws -> JSON { constant ?? .null }
}
