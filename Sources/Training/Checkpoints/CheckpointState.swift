import Formats

/// Where a run stands, as its checkpoint says it.
public struct CheckpointState: Sendable, Equatable {
  /// Updates done.
  public var step: Int
  /// Tokens consumed.
  public var tokens: Int
  /// The run's seed.
  public var seed: Int
  /// Windows of one update.
  public var globalBatchSize: Int
  /// Kernel variant that computed the run so far: another gives the same numbers only within rounding.
  public var instructionSet: String

  /// Creates a state.
  public init(step: Int, tokens: Int, seed: Int, globalBatchSize: Int, instructionSet: String) {
    self.step = step
    self.tokens = tokens
    self.seed = seed
    self.globalBatchSize = globalBatchSize
    self.instructionSet = instructionSet
  }

  var json: JSON {
    .object([
      "format": .integer(1), "step": .integer(Int64(step)), "tokens": .integer(Int64(tokens)),
      "seed": .integer(Int64(seed)), "global_batch_size": .integer(Int64(globalBatchSize)),
      "instruction_set": .string(instructionSet),
    ])
  }

  init(file path: String) throws {
    let json = try JSON.parse(contentsOfFile: path)
    guard json["format"]?.intValue == 1, let step = json["step"]?.intValue, step >= 0,
      let tokens = json["tokens"]?.intValue, let seed = json["seed"]?.intValue,
      let batch = json["global_batch_size"]?.intValue
    else { throw FileError(path: path, problem: "does not say step, tokens, seed and batch of a checkpoint") }
    self.init(
      step: step, tokens: tokens, seed: seed, globalBatchSize: batch,
      instructionSet: json["instruction_set"]?.stringValue ?? "unknown")
  }
}
