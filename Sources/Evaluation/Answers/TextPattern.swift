import Foundation

/// A regular expression with Python's meaning of the dot: anything but a line feed.
struct TextPattern: Sendable {
  private let expression: NSRegularExpression

  /// - Throws: `ScorerError` for a pattern that is none.
  init(_ pattern: String) throws {
    do {
      expression = try NSRegularExpression(pattern: pattern, options: .useUnixLineSeparators)
    } catch {
      throw ScorerError("\"\(pattern)\" is not a regular expression")
    }
  }

  /// The text with every match replaced; `$1` stands for the first group.
  func replacing(in text: String, with template: String) -> String {
    expression.stringByReplacingMatches(in: text, range: Self.all(text), withTemplate: template)
  }

  /// The groups of the first match, the whole match first.
  func firstMatch(in text: String) -> [String?]? {
    expression.firstMatch(in: text, range: Self.all(text)).map { Self.groups($0, text) }
  }

  /// The groups of each match that does not overlap the one before.
  func matches(in text: String) -> [[String?]] {
    expression.matches(in: text, range: Self.all(text)).map { Self.groups($0, text) }
  }

  func isFound(in text: String) -> Bool { expression.firstMatch(in: text, range: Self.all(text)) != nil }

  private static func all(_ text: String) -> NSRange { NSRange(location: 0, length: text.utf16.count) }

  private static func groups(_ match: NSTextCheckingResult, _ text: String) -> [String?] {
    (0..<match.numberOfRanges).map { group in
      Range(match.range(at: group), in: text).map { String(text[$0]) }
    }
  }
}
