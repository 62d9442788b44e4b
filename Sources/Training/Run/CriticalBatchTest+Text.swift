public import Formats
import Reporting

extension CriticalBatchTest {
  /// A table of the branches and what follows from them.
  public func text(_ branches: [Branch]) -> String {
    guard let present = branches.first else { return "" }
    var table = TextTable([.right, .right, .right, .right, .right, .right, .left])
    table.add("batch", "sequences", "tokens", "rate", "updates", "loss", "")
    table.rule()
    for branch in branches {
      let difference = branch.loss - present.loss
      let verdict =
        branch == present
        ? "" : (difference < 0 ? "" : "+") + Quantity.number(difference, digits: 3)
          + (matches(branch, present) ? ", matches" : ", costs data")
      table.add(
        "x\(branch.factor)", Quantity.grouped(branch.sequences), Quantity.count(branch.tokensAnUpdate),
        Quantity.number(branch.learningRate, digits: 3), "\(branch.steps)", Quantity.number(branch.loss, digits: 4),
        verdict)
    }
    let largest = largestMatch(branches) ?? present
    let isOpen = largest == branches.last && branches.count > 1
    return table.text + "\nwithin \(settings.tolerance) nats up to \(Quantity.count(largest.tokensAnUpdate)) tokens an "
      + "update" + (isOpen ? ", the largest tried; the critical batch is larger\n" : "\n")
  }

  /// The same figures.
  public func json(_ branches: [Branch]) -> JSON {
    .object([
      "checkpoint": .string(checkpoint.path), "tolerance": .number(settings.tolerance),
      "branches": .array(
        branches.map { branch in
          .object([
            "factor": .integer(Int64(branch.factor)), "sequences": .integer(Int64(branch.sequences)),
            "tokens_per_update": .integer(Int64(branch.tokensAnUpdate)), "learning_rate": .number(branch.learningRate),
            "steps": .integer(Int64(branch.steps)), "loss": .number(branch.loss),
            "matches": .bool(branches.first.map { matches(branch, $0) } ?? false),
          ])
        }),
      "largest_matching_tokens_per_update": largestMatch(branches).map { .integer(Int64($0.tokensAnUpdate)) } ?? .null,
    ])
  }
}
