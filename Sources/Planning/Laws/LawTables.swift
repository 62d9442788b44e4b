public import Formats
import Reporting

/// What the published laws say of a run, as text and as JSON.
public struct LawTables: Sendable {
  /// The run.
  public var scale: RunScale
  /// The loss at which critical batches are asked for; nil: what the first law of the loss predicts.
  public var givenLoss: Double?

  /// Asks the laws.
  public init(scale: RunScale, loss: Double? = nil) {
    self.scale = scale
    givenLoss = loss
  }

  /// The loss that critical batches are asked for.
  public var loss: Double {
    givenLoss ?? LossLaw.published[0].loss(parameters: scale.parameters, tokens: scale.tokens)
  }

  /// What a law of the loss says.
  private struct Prediction {
    var law: LossLaw
    var loss: Double
    var best: (parameters: Double, tokens: Double)
    var bestLoss: Double
    /// Operations beyond the least that reach the same loss, as a share of these.
    var excess: Double?
    var smallest: Double?

    init(_ law: LossLaw, _ scale: RunScale) {
      self.law = law
      loss = law.loss(parameters: scale.parameters, tokens: scale.tokens)
      best = law.optimum(operations: 6 * scale.parameters * scale.tokens)
      bestLoss = law.loss(parameters: best.parameters, tokens: best.tokens)
      excess = law.operations(reaching: loss).map { 6 * scale.parameters * scale.tokens / $0 - 1 }
      smallest = law.smallestModel(reaching: loss)
    }
  }

  private var predictions: [Prediction] { LossLaw.published.map { Prediction($0, scale) } }

  /// Aligned tables, each law with its source.
  public var text: String {
    var steps = TextTable([.left, .right, .right, .left])
    steps.add("learning rate and batch", "rate", "tokens", "formula and source")
    steps.rule()
    for law in StepLaw.published {
      steps.add(
        law.name, Quantity.number(law.learningRate(scale), digits: 3), law.batch.map { count($0(scale)) } ?? "–",
        "\(law.formula); \(law.source)")
    }
    var critical = TextTable([.left, .right, .left])
    critical.add("critical batch", "tokens", "at a loss of \(Quantity.number(loss, digits: 3)) nats")
    critical.rule()
    for law in CriticalBatchLaw.published {
      critical.add(law.name, count(law.batch(loss)), "\(law.formula); \(law.source)")
    }
    var losses = TextTable([.left, .right, .right, .right, .right, .right, .right, .left])
    losses.add("loss", "nats", "best N", "best D", "there", "extra work", "least N", "source")
    losses.rule()
    for each in predictions {
      losses.add(
        each.law.name, Quantity.number(each.loss, digits: 4), count(each.best.parameters), count(each.best.tokens),
        Quantity.number(each.bestLoss, digits: 4),
        each.excess.map { Quantity.number(100 * max(0, $0), digits: 3) + "%" } ?? "–", each.smallest.map(count) ?? "–",
        each.law.source)
    }
    return """
      N \(count(scale.parameters)) parameters outside embedding and head, D \(count(scale.tokens)) tokens \
      (\(Quantity.number(scale.tokens / scale.parameters, digits: 3)) each), C \(Quantity.operations(scale.operations))

      \(steps.text)
      \(critical.text)
      \(losses.text)
      best N and D: the split of the same 6·N·D with the lowest loss, which is then "there"; extra work: operations \
      beyond the least that reach the run's loss, the price of a smaller model; least N: the size below which no \
      number of tokens reaches it. Chinchilla's N counts the embedding too, DeepSeek's C attention's operations.

      """
  }

  private func count(_ value: Double) -> String {
    value < 1e18 ? Quantity.count(Int(value.rounded())) : Quantity.number(value, digits: 3)
  }

  /// The same figures.
  public var json: JSON {
    .object([
      "parameters": .number(scale.parameters), "tokens": .number(scale.tokens), "flops": .number(scale.operations),
      "learning_rate_and_batch": .array(
        StepLaw.published.map { law in
          .object([
            "name": .string(law.name), "source": .string(law.source), "formula": .string(law.formula),
            "learning_rate": .number(law.learningRate(scale)),
            "batch_tokens": law.batch.map { .number($0(scale)) } ?? .null,
          ])
        }),
      "critical_batch": .array(
        CriticalBatchLaw.published.map { law in
          .object([
            "name": .string(law.name), "source": .string(law.source), "formula": .string(law.formula),
            "loss": .number(loss), "batch_tokens": .number(law.batch(loss)),
          ])
        }),
      "loss": .array(
        predictions.map { each in
          .object([
            "name": .string(each.law.name), "source": .string(each.law.source), "loss": .number(each.loss),
            "best_parameters": .number(each.best.parameters), "best_tokens": .number(each.best.tokens),
            "best_loss": .number(each.bestLoss), "extra_work": each.excess.map(JSON.number) ?? .null,
            "least_parameters": each.smallest.map(JSON.number) ?? .null,
          ])
        }),
    ])
  }
}
