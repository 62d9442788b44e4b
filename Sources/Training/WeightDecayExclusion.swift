/// Regular expressions naming the parameters that weight decay spares.
///
/// A pattern is matched as Python's `re.match` does: anchored at the start of the name, not at its end. It is tried on
/// the Hugging Face name and on nanotron's, so that patterns of nanotron configurations such as `.*token_embedding.*`
/// keep their meaning.
public struct WeightDecayExclusion: Sendable, Equatable {
  /// The patterns as written.
  public let patterns: [String]

  /// Creates an exclusion; patterns must be valid regular expressions.
  ///
  /// - Throws: the error of `Regex` for a pattern that it cannot read.
  public init(patterns: [String]) throws {
    for pattern in patterns { _ = try Regex(pattern) }
    self.patterns = patterns
  }

  init(_ section: ConfigurationSection) throws(ConfigurationError) {
    let key = "weight_decay_exclude_named_params"
    let items = try section.strings(key) ?? []
    for (index, pattern) in items.enumerated() {
      do {
        _ = try Regex(pattern)
      } catch {
        var place = section.error(key, "").place
        if case .sequence(let nodes)? = section[key]?.content { place = nodes[index].place }
        throw ConfigurationError(
          place: place, key: "\(section.childPath(key)).\(index)",
          reason: "'\(pattern)' is not a regular expression that can be read: \(error)")
      }
    }
    patterns = items
  }

  /// Whether the parameter with this Hugging Face name is spared.
  public func excludes(_ name: String) -> Bool {
    let names = [name, nanotronName(forHuggingFaceName: name)].compactMap { $0 }
    return patterns.contains { pattern in
      guard let regex = try? Regex(pattern) else { return false }
      return names.contains { $0.prefixMatch(of: regex) != nil }
    }
  }
}
