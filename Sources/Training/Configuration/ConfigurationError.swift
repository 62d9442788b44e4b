/// What is wrong with a run configuration: one sentence with the place, the key, and what would be right.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where the offending text stands: `config.yaml line 12`, `--set tokens.train_steps=x`, or the file alone.
  public var place: String
  /// Dotted path of the key, such as `optimizer.learning_rate_scheduler.lr_decay_style`; empty for the whole file.
  public var key: String
  /// The value as written and what is allowed instead.
  public var reason: String

  /// Creates an error about `key` as written at `place`.
  public init(place: String, key: String, reason: String) {
    self.place = place
    self.key = key
    self.reason = reason
  }

  public var description: String {
    key.isEmpty ? "\(place): \(reason)" : "\(place): \(key): \(reason)"
  }
}
