/// A setting of an optimizer as a configuration gives it: its key, its place in the rule and what is allowed.
public struct RuleSetting<Rule>: Sendable {
  /// The type of the value, how to read and write it, and what is allowed.
  public enum Kind: Sendable {
    case number(WritableKeyPath<Rule, Double> & Sendable, NumberLimits)
    case integer(WritableKeyPath<Rule, Int> & Sendable, ClosedRange<Int>)
    /// A number of steps; nil where none is given.
    case steps(WritableKeyPath<Rule, Int?> & Sendable)
    case flag(WritableKeyPath<Rule, Bool> & Sendable)
    case choice(WritableKeyPath<Rule, String> & Sendable, [String])
    case patterns(WritableKeyPath<Rule, NamePatterns> & Sendable)
  }

  /// The key.
  public let key: String
  public let kind: Kind

  /// Names a setting.
  public init(_ key: String, _ kind: Kind) {
    self.key = key
    self.kind = kind
  }
}

/// Which numbers a setting takes.
public enum NumberLimits: String, Sendable {
  /// Decays of moving averages.
  case decay = "at least 0 and below 1"
  case positive = "above 0"
  case nonNegative = "0 or more"

  /// Whether `value` is allowed.
  public func contains(_ value: Double) -> Bool {
    switch self {
    case .decay: value >= 0 && value < 1
    case .positive: value > 0
    case .nonNegative: value >= 0
    }
  }
}
