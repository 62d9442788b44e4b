/// Regular expressions that name parameters.
///
/// A pattern is matched as Python's `re.match` does: anchored at the start of the name, not at its end. It is tried on
/// the Hugging Face name and on nanotron's, so that patterns of nanotron configurations such as `.*token_embedding.*`
/// keep their meaning.
public struct NamePatterns: Sendable, Equatable {
  /// The patterns as written.
  public let patterns: [String]

  /// Names nothing.
  public static let none = NamePatterns()

  private init() { patterns = [] }

  /// Creates patterns, which must be valid regular expressions.
  ///
  /// - Throws: the error of `Regex` for a pattern that it cannot read.
  public init(patterns: [String]) throws {
    for pattern in patterns { _ = try Regex(pattern) }
    self.patterns = patterns
  }

  /// Whether the parameter with this Hugging Face name is meant.
  public func match(_ name: String) -> Bool {
    guard !patterns.isEmpty else { return false }
    let names = [name, nanotronName(forHuggingFaceName: name)].compactMap { $0 }
    return patterns.contains { pattern in
      guard let regex = try? Regex(pattern) else { return false }
      return names.contains { $0.prefixMatch(of: regex) != nil }
    }
  }
}
