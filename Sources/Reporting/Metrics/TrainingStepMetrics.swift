public import Formats
import OrderedCollections

/// What one update of a training run measured.
public struct TrainingStepMetrics: Sendable, Codable, Equatable {
  /// The update, counted from 1.
  public var step: Int
  /// Tokens consumed since the run began, this update included.
  public var tokens: Int
  /// Mean cross-entropy a target token, in nats.
  public var loss: Double
  /// L2 norm of all gradients before clipping.
  public var gradientNorm: Double
  public var learningRate: Double
  public var tokensPerSecond: Double
  /// Model FLOPs utilisation: achieved operations over the machine's measured matrix rate, from 0 to 1.
  public var mfu: Double?
  /// Resident memory of the process.
  public var residentBytes: Int
  /// Seconds of the update, waiting for data included.
  public var stepSeconds: Double
  /// Seconds of it that were spent waiting for data.
  public var dataWaitSeconds: Double
  /// An estimate of the squared norm of the true gradient, where gradient noise was measured.
  public var noiseSignal: Double?
  /// An estimate of the variance of one token's gradient. Means of it over many updates, divided by those of the
  /// signal, are the gradient noise scale: a batch, in tokens, beyond which more tokens help less (arXiv:1812.06162).
  public var noiseTrace: Double?
  /// How evenly experts were used, by layer; empty for a model without.
  public var routing: [RoutingMetrics]

  /// Creates a row.
  public init(
    step: Int, tokens: Int, loss: Double, gradientNorm: Double, learningRate: Double, tokensPerSecond: Double,
    mfu: Double? = nil, residentBytes: Int, stepSeconds: Double, dataWaitSeconds: Double,
    noiseSignal: Double? = nil, noiseTrace: Double? = nil,
    routing: [RoutingMetrics] = []
  ) {
    self.step = step
    self.tokens = tokens
    self.loss = loss
    self.gradientNorm = gradientNorm
    self.learningRate = learningRate
    self.tokensPerSecond = tokensPerSecond
    self.mfu = mfu
    self.residentBytes = residentBytes
    self.stepSeconds = stepSeconds
    self.dataWaitSeconds = dataWaitSeconds
    self.noiseSignal = noiseSignal
    self.noiseTrace = noiseTrace
    self.routing = routing
  }

  /// The row as an object of the metrics file; a figure that is not finite becomes null.
  public var json: JSON {
    var row = plainJSON
    if let noiseSignal, let noiseTrace {
      row["noise_signal"] = .figure(noiseSignal)
      row["noise_trace"] = .figure(noiseTrace)
    }
    if !routing.isEmpty { row["routing"] = .array(routing.map(\.json)) }
    return .object(row)
  }

  private var plainJSON: OrderedDictionary<String, JSON> {
    [
      "kind": .string("train"), "step": .integer(Int64(step)), "tokens": .integer(Int64(tokens)),
      "loss": .figure(loss), "grad_norm": .figure(gradientNorm), "learning_rate": .figure(learningRate),
      "tokens_per_second": .figure(tokensPerSecond), "mfu": mfu.map(JSON.figure) ?? .null,
      "resident_bytes": .integer(Int64(residentBytes)), "step_seconds": .figure(stepSeconds),
      "data_wait_seconds": .figure(dataWaitSeconds),
    ]
  }

  init?(_ json: JSON) {
    guard let step = json["step"]?.intValue, step >= 0, let tokens = json["tokens"]?.intValue, tokens >= 0 else {
      return nil
    }
    func figure(_ key: String) -> Double { json[key]?.doubleValue ?? .nan }
    self.init(
      step: step, tokens: tokens, loss: figure("loss"), gradientNorm: figure("grad_norm"),
      learningRate: figure("learning_rate"), tokensPerSecond: figure("tokens_per_second"),
      mfu: json["mfu"]?.doubleValue, residentBytes: max(0, json["resident_bytes"]?.intValue ?? 0),
      stepSeconds: figure("step_seconds"), dataWaitSeconds: figure("data_wait_seconds"),
      noiseSignal: json["noise_signal"]?.doubleValue, noiseTrace: json["noise_trace"]?.doubleValue,
      routing: (json["routing"]?.arrayValue ?? []).compactMap(RoutingMetrics.init))
  }
}

extension JSON {
  /// A number, or null where JSON has no way to write it.
  static func figure(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
}
