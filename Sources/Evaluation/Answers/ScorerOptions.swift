import Formats
import OrderedCollections

/// The options of a scorer as a task gives them, each asked for once; what nobody asked for is an error.
final class ScorerOptions {
  private var members: OrderedDictionary<String, JSON>
  private let scorer: String
  private var known: [String] = []

  /// - Throws: `ScorerError` when the options are no mapping.
  init(_ options: JSON, of scorer: String) throws {
    guard options.isNull || options.objectValue != nil else {
      throw ScorerError("the options of the scorer \"\(scorer)\" are \(options.kind), not a mapping")
    }
    members = options.objectValue ?? [:]
    self.scorer = scorer
  }

  func text(_ key: String) throws -> String? { try take(key, "a text", \.stringValue) }
  func flag(_ key: String) throws -> Bool? { try take(key, "true or false", \.boolValue) }

  func texts(_ key: String) throws -> [String]? {
    try take(key, "a list of texts") { value in
      guard let elements = value.arrayValue else { return nil }
      let texts = elements.compactMap(\.stringValue)
      return texts.count == elements.count ? texts : nil
    }
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    try take(key, "a number from \(range.lowerBound) to \(range.upperBound)") { value in
      value.doubleValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func choice<Choice: RawRepresentable>(_ key: String, among choices: [Choice]) throws -> Choice?
  where Choice.RawValue == String {
    try take(key, "one of " + choices.map(\.rawValue).joined(separator: ", ")) { value in
      value.stringValue.flatMap(Choice.init(rawValue:))
    }
  }

  /// - Throws: `ScorerError` naming an option that the scorer does not have.
  func finish() throws {
    guard let unknown = members.keys.first else { return }
    throw ScorerError(
      "the scorer \"\(scorer)\" has no option \"\(unknown)\"; it has \(known.joined(separator: ", "))")
  }

  private func take<Value>(_ key: String, _ wanted: String, _ read: (JSON) -> Value?) throws -> Value? {
    known.append(key)
    guard let value = members.removeValue(forKey: key) else { return nil }
    guard let result = read(value) else {
      throw ScorerError(
        "the option \"\(key)\" of the scorer \"\(scorer)\" is \(value.serializedString()); it must be \(wanted)")
    }
    return result
  }
}

/// Why answers cannot be judged.
public struct ScorerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One sentence.
  public let description: String

  init(_ description: String) { self.description = description }
}
