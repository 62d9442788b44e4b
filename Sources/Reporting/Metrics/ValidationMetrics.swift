public import Formats

/// The loss on one held-out source after an update.
public struct ValidationMetrics: Sendable, Codable, Equatable {
  /// The update after which it was measured; 0 is the untrained model.
  public var step: Int
  /// Name of the source.
  public var source: String
  /// Mean cross-entropy a target token, in nats.
  public var loss: Double
  /// Cross-entropy a byte of text, in bits: comparable between tokenizers.
  public var bitsPerByte: Double?

  /// Creates a row.
  public init(step: Int, source: String, loss: Double, bitsPerByte: Double? = nil) {
    self.step = step
    self.source = source
    self.loss = loss
    self.bitsPerByte = bitsPerByte
  }

  /// The row as an object of the metrics file.
  public var json: JSON {
    .object([
      "kind": .string("validation"), "step": .integer(Int64(step)), "source": .string(source), "loss": .figure(loss),
      "bits_per_byte": bitsPerByte.map(JSON.figure) ?? .null,
    ])
  }

  init?(_ json: JSON) {
    guard let step = json["step"]?.intValue, step >= 0, let source = json["source"]?.stringValue else { return nil }
    self.init(
      step: step, source: source, loss: json["loss"]?.doubleValue ?? .nan,
      bitsPerByte: json["bits_per_byte"]?.doubleValue)
  }
}
