import Formats
import Foundation
import Lab
import Reporting
import TestSupport
import Testing
import Training

@Suite struct RateSweepTests {
  private func sweep(
    _ small: SmallRun, _ rates: [Double], seeds: [Int] = [], extensions: Int = 0, set: [String] = []
  ) throws -> RateSweep {
    let (configuration, _) = try RunConfiguration.parse(
      yaml: small.yaml(), file: "small.yaml", overrides: set.map { try ConfigurationOverride($0) })
    return try RateSweep(configuration, rates: rates, seeds: seeds, mostExtensions: extensions)
  }

  /// The outcome, and the updates that were made for it.
  private func run(_ sweep: RateSweep, stop: Int = .max) throws -> (RateSweepOutcome, steps: [TrainingStepMetrics]) {
    var steps: [TrainingStepMetrics] = []
    let outcome = try sweep.run(matrixRate: nil, isStopRequested: { steps.count >= stop }) { event in
      if case .trainer(.step(let metrics)) = event { steps.append(metrics) }
    }
    return (outcome, steps)
  }

  @Test func theBetterRateIsFoundAndTakesTheOtherSeeds() throws {
    let small = try SmallRun()
    let sweep = try sweep(small, [1, 1e-6, 1e-2], seeds: [7, 8, 9])
    let (outcome, steps) = try run(sweep)
    #expect(outcome.isComplete && !outcome.isAtEdge && steps.count == 5 * 12)
    #expect(outcome.best?.rate == 1e-2 && outcome.best?.seed == 7)
    #expect(outcome.trials.map(\.rate) == [1e-6, 1e-2, 1, 1e-2, 1e-2])
    #expect(outcome.trials.map(\.seed) == [7, 7, 7, 8, 9])
    let losses = outcome.trials.filter { $0.rate == 1e-2 }.map(\.loss)
    #expect(Set(losses).count == 3, "seeds change first weights and data")
    let mean = losses.reduce(0, +) / 3
    let deviation = (losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
    let atBest = try #require(outcome.atBest)
    #expect(abs(atBest.mean - mean) < 1e-12 && abs((atBest.deviation ?? 0) - deviation) < 1e-12 && atBest.seeds == 3)
    #expect(outcome.text.contains("best rate 0.01") && !outcome.text.contains("warning"))
    #expect(outcome.json["best_learning_rate"]?.doubleValue == 1e-2)
    let page = try TextFile.read(small.root.appendingPath("sweep.html"))
    for part in ["Loss over the learning rate", "0.01, seed 8", "Training loss", "3 seeds"] {
      #expect(page.contains(part), "\(part)")
    }
    // Each is a run like any other, of its own seeds and rate.
    let (own, _) = try RunConfiguration.read(path: small.root.appendingPath("run-lr-0.01-seed-9/config.yaml"))
    #expect(own.general.seed == 9 && own.dataStages[0].seed == 9 && own.optimizer.schedule.peak == 1e-2)
  }

  @Test func theEdgeIsExtendedTwiceAtMost() throws {
    let small = try SmallRun()
    let open = try sweep(small, [1e-5, 1e-4], extensions: 2)
    #expect(try open.left(after: open.found()) == (2, 2))
    let (plain, _) = try run(sweep(small, [1e-5, 1e-4]))
    #expect(try open.left(after: open.found()) == (0, 2))
    #expect(plain.tried == [1e-5, 1e-4] && plain.isAtEdge && plain.text.contains("a higher one may be better"))
    let (outcome, steps) = try run(open)
    #expect(open.left(after: outcome) == (0, 0))
    #expect(outcome.tried == [1e-5, 1e-4, 1e-3, 1e-2] && outcome.best?.rate == 1e-2 && outcome.isAtEdge)
    #expect(steps.count == 2 * 12, "the two of the plain sweep are there")
    let (down, _) = try run(sweep(small, [2, 10], extensions: 1))
    #expect(down.tried == [0.4, 2, 10])
  }

  @Test func aSweepThatWasStoppedGoesOn() throws {
    let unbroken = try SmallRun()
    let (whole, _) = try run(sweep(unbroken, [1e-3, 1e-2], seeds: [3, 4]))
    let small = try SmallRun()
    let sweep = try sweep(small, [1e-3, 1e-2], seeds: [3, 4])
    let (part, _) = try run(sweep, stop: 12 + 5)
    #expect(!part.isComplete && part.trials.count == 1)
    #expect(try sweep.found().trials.count == 1 && sweep.left(after: sweep.found()).runs == 2)
    let (rest, steps) = try run(sweep)
    #expect(rest.isComplete && steps.map(\.step) == Array(6...12) + Array(1...12))
    #expect(rest.trials.map(\.loss) == whole.trials.map(\.loss))
    let (again, none) = try run(sweep)
    #expect(none.isEmpty && again.trials.map(\.loss) == whole.trials.map(\.loss))
    let other = try self.sweep(small, [1e-3, 1e-2], seeds: [3, 4], set: ["optimizer.weight_decay=0.3"])
    #expect { _ = try run(other) } throws: {
      "\($0)".contains("run-lr-0.001-seed-3") && "\($0)".contains("weight_decay: 0.3")
    }
  }

  @Test func aRateThatDivergesDoesNotEndTheSweep() throws {
    let small = try SmallRun()
    let sweep = try sweep(small, [1e-3, 1e-2, 1e38])
    let (outcome, steps) = try run(sweep)
    #expect(outcome.isComplete && outcome.best?.rate == 1e-2 && !outcome.isAtEdge)
    #expect(outcome.trials.map(\.hasDiverged) == [false, false, true])
    #expect(steps.count > 24 && steps.count < 36)
    #expect(outcome.text.contains("diverged") && outcome.json["runs"]?[2]?["diverged"]?.boolValue == true)
    #expect(try run(sweep).steps.isEmpty, "it is not tried again")
    let (none, _) = try run(self.sweep(small, [1e38], extensions: 1))
    #expect(none.best == nil && none.tried == [5e37, 1e38] && none.text.contains("no rate"))
  }

  @Test func withoutValidationTheTrainingLossJudges() throws {
    let small = try SmallRun()
    try Paths.remove(small.root.appendingPath("data/validation"))
    let set = ["tokens.train_steps=40", "apus.validation.interval=40"]
    let (outcome, steps) = try run(sweep(small, [1e-2], set: set))
    let loss = try #require(outcome.best?.loss)
    #expect(abs(loss - steps.suffix(4).map(\.loss).reduce(0, +) / 4) < 1e-9)
    #expect(outcome.text.contains("mean training loss of the last tenth"))
  }

  @Test func theScheduleScalesAndSenseIsAskedFor() throws {
    let small = try SmallRun()
    let set = ["optimizer.learning_rate_scheduler.min_decay_lr=1e-3"]
    let low = try sweep(small, [1e-3, 4e-2], set: set).trainingRun(rate: 1e-3, seed: 7)
    let schedule = low.configuration.optimizer.schedule
    #expect(schedule.peak == 1e-3 && abs(schedule.minimum - 1e-4) < 1e-12)
    let wrong: [([Double], [Int], String)] = [
      ([], [], "at least one rate"), ([0], [], "0.0"), ([-1e-3], [], "above 0"), ([.nan], [], "nan"),
      ([1e-3, 2e-3, 1e-3], [], "0.001 is given twice"), ([1e-3], [4, 4], "seed"), ([1e-3], [-1], "-1"),
    ]
    for (rates, seeds, words) in wrong {
      #expect { _ = try sweep(small, rates, seeds: seeds) } throws: {
        $0 is RateSweep.WrongArgument && "\($0)".contains(words)
      }
    }
    #expect { _ = try sweep(small, [1e-3], set: ["general.run=run_%date"]) } throws: { "\($0)".contains("%date") }
  }
}
