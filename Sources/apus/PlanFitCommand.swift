import ArgumentParser
import Formats
import Models
import Planning
import Reporting
import Training

/// `apus plan fit`: the law of the loss that one's own runs follow.
struct PlanFitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit", abstract: "Fit the loss E + A/N^a + B/D^b to finished runs.",
    discussion: """
      Each RUN is a run folder with a checkpoint: N is its model's parameters outside embedding and head, D its tokens, \
      the loss that of the validation at its end, the mean of its sources. Five runs or more of several sizes and \
      lengths are needed, each trained to the end of its schedule at a good rate; the law then says what other sizes and \
      lengths would give, and is worth no more than the range that the runs span.

      Examples:
        apus plan fit runs/small-* runs/large-*
        apus plan fit runs/* --params 100M --tokens 2B --json
      """)

  @Argument(help: "Run folders.", completion: .directory) var runs: [String]
  @Option(help: "Also say what a model of so many parameters would reach, such as 100M; needs --tokens.")
  var params: Amount?
  @Option(help: "On so many tokens, such as 2B.") var tokens: Amount?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (params == nil) == (tokens == nil) else { throw ValidationError("--params and --tokens belong together") }
    for (name, value) in [("--params", params?.value), ("--tokens", tokens?.value)] {
      if let value, !(value >= 1 && value <= 1e40) { throw ValidationError("\(name) must be a number from 1 to 1e40") }
    }
  }

  func run() throws {
    let points = try runs.map(Self.point)
    let (law, error) = try LossLaw.fit(points, name: "fit")
    let asked = params.flatMap { params in tokens.map { (params.value, $0.value) } }
    if json {
      print(report(points, law, error, asked).serializedString(pretty: true))
      return
    }
    var table = TextTable([.left, .right, .right, .right, .right])
    table.add("run", "N", "D", "loss", "of the law")
    table.rule()
    for (run, point) in zip(runs, points) {
      table.add(
        run.lastPathPart, Quantity.count(Int(point.parameters)), Quantity.count(Int(point.tokens)),
        Quantity.number(point.loss, digits: 5), Quantity.number(law.loss(point), digits: 5))
    }
    print(table.text)
    let numbers = [law.floor, law.size.factor, law.size.exponent, law.data.factor, law.data.exponent]
      .map { Quantity.number($0, digits: 4) }
    print("L = \(numbers[0]) + \(numbers[1]) / N^\(numbers[2]) + \(numbers[3]) / D^\(numbers[4])")
    print("root mean square of relative errors \(Quantity.number(100 * error, digits: 3))%")
    if let (parameters, tokens) = asked {
      let loss = Quantity.number(law.loss(parameters: parameters, tokens: tokens), digits: 4)
      let best = law.optimum(operations: 6 * parameters * tokens)
      let split = [parameters, tokens, best.parameters, best.tokens].map { Quantity.number($0, digits: 3) }
      print("\(split[0]) parameters on \(split[1]) tokens: \(loss) nats")
      print("best split of the same 6·N·D: \(split[2]) on \(split[3])")
    }
  }

  /// Where a run ended.
  private static func point(_ folder: String) throws -> LossPoint {
    let record = try RunRecord(folder: folder)
    guard let last = record.metrics.steps.last else { throw FileError(path: folder, problem: "has no steps in metrics.jsonl") }
    guard let loss = record.metrics.finalValidationLoss else {
      throw FileError(path: folder, problem: "ends at step \(last.step), where nothing was validated")
    }
    guard let checkpoint = try CheckpointFolder(folder.appendingPath("checkpoints")).steps().first else {
      throw FileError(path: folder, problem: "has no checkpoint, which says the model's size")
    }
    let model = try ModelConfiguration(stored: folder.appendingPath("checkpoints/\(checkpoint)"))
    return LossPoint(
      parameters: Double(model.parameterCounts.withoutEmbeddings), tokens: Double(last.tokens),
      loss: loss)
  }

  private func report(
    _ points: [LossPoint], _ law: LossLaw, _ error: Double, _ asked: (parameters: Double, tokens: Double)?
  ) -> JSON {
    .object([
      "runs": .array(
        zip(runs, points).map { run, point in
          .object([
            "run": .string(run), "parameters": .number(point.parameters), "tokens": .number(point.tokens),
            "loss": .number(point.loss), "law": .number(law.loss(point)),
          ])
        }),
      "E": .number(law.floor), "A": .number(law.size.factor), "alpha": .number(law.size.exponent),
      "B": .number(law.data.factor), "beta": .number(law.data.exponent), "relative_error": .number(error),
      "loss": asked.map { .number(law.loss(parameters: $0.parameters, tokens: $0.tokens)) } ?? .null,
    ])
  }
}

extension LossLaw {
  fileprivate func loss(_ point: LossPoint) -> Double { loss(parameters: point.parameters, tokens: point.tokens) }
}
