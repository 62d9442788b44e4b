import Formats
import Foundation
import Testing

@Suite struct SweepTests {
  @Test func whatMakesNoSenseIsSaid() throws {
    let folder = try TemporaryFolder()
    try folder.file("c.yaml", TrainTests().configuration())
    func sweep(_ arguments: String...) throws -> Command.Outcome {
      try Command.run(["sweep", "c.yaml"] + arguments, in: folder.path)
    }
    expectMisuse(try sweep(), "--rates")
    for rates in ["", "1e-3,", "1e-3,x"] { expectMisuse(try sweep("--rates", rates), "--rates '\(rates)'") }
    expectMisuse(try sweep("--rates", "1e-3,0"), "rate 0.0", "above 0")
    expectMisuse(try sweep("--rates", "1e-3,0.001"), "rate 0.001", "twice")
    expectMisuse(try sweep("--rates", "1e-3", "--seeds", "1,b"), "--seeds '1,b'")
    expectMisuse(try sweep("--rates", "1e-3", "--seeds", "1,1"), "seed", "twice")
    expectFailure(try sweep("--rates", "1e-3", "--set", "tokens.train_steps=many"), "train_steps", "many")
    expectFailure(try folder.run("sweep", "missing.yaml", "--rates", "1e-3"), "missing.yaml")
    #expect(!folder.exists("runs"))
    #expect(try sweep("--help").output.contains("Examples:"))
  }

  @Test func aSweepIsPlannedTrainedAndReported() throws {
    let folder = try TrainTests().prepared()
    try folder.file("c.yaml", TrainTests().configuration())
    let arguments = ["sweep", "c.yaml", "--rates", "1e-3,4e-3", "--seeds", "1,2", "--no-extend"]
    let plan = try Command.run(arguments + ["--dry-run", "--json"], in: folder.path)
    expectSuccess(plan)
    let object = try JSON.parse(plan.output)
    #expect(object["runs"]?.intValue == 3 && object["complete"]?.intValue == 0)
    #expect(object["tokens"]?.intValue == 3 * (object["run"]?["tokens"]?.intValue ?? 0))
    #expect(try Command.run(arguments + ["--dry-run"], in: folder.path).output.contains("to train"))
    #expect(!folder.exists("runs"), "a dry run writes nothing")

    let outcome = try Command.run(arguments, in: folder.path)
    expectSuccess(outcome)
    #expect(outcome.output.contains("best rate 0.004") && outcome.output.contains("page: runs/sweep.html"))
    #expect(outcome.complaint.contains("learning rate 0.001, seed 1: loss"))
    for made in ["sweep.html", "c-lr-0.001-seed-1/report.html", "c-lr-0.004-seed-2/checkpoints/6/config.json"] {
      #expect(folder.exists("runs/\(made)"), "\(made)")
    }
    let rest = try JSON.parse(try Command.run(arguments + ["--dry-run", "--json"], in: folder.path).output)
    #expect(rest["runs"]?.intValue == 0 && rest["complete"]?.intValue == 3 && rest["tokens"]?.intValue == 0)
    let again = try Command.run(arguments + ["--json"], in: folder.path)
    expectSuccess(again)
    let figures = try JSON.parse(again.output)
    #expect(figures["runs"]?[2]?["learning_rate"]?.doubleValue == 4e-3 && figures["is_at_edge"]?.boolValue == true)
  }
}
