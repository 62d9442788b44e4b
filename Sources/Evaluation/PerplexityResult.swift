public import Formats
import Foundation

/// What ``Perplexity`` measured.
public struct PerplexityResult: Sendable, Equatable {
  /// Sum of the negative log-likelihoods of all targets, in nats.
  public var nats: Double
  /// Tokens that were predicted.
  public var targets: Int
  /// Tokens of the data, end-of-text tokens included.
  public var tokens: Int
  /// UTF-8 bytes of the documents.
  public var textBytes: Int

  /// Collects sums.
  public init(nats: Double, targets: Int, tokens: Int, textBytes: Int) {
    self.nats = nats
    self.targets = targets
    self.tokens = tokens
    self.textBytes = textBytes
  }

  /// Mean negative log-likelihood of a target; 0 without targets.
  public var natsPerToken: Double { targets == 0 ? 0 : nats / Double(targets) }
  /// Its exponential.
  public var perplexity: Double { exp(natsPerToken) }
  /// Bits needed for a byte of the text; nil where the tokens stand for no text.
  public var bitsPerByte: Double? { textBytes == 0 ? nil : nats / log(2) / Double(textBytes) }

  /// All figures.
  public var json: JSON {
    [
      "nats_per_token": JSON(natsPerToken), "perplexity": JSON(perplexity),
      "bits_per_byte": bitsPerByte.map { JSON($0) } ?? .null, "nats": JSON(nats), "targets": JSON(targets),
      "tokens": JSON(tokens), "text_bytes": JSON(textBytes),
    ]
  }
}
