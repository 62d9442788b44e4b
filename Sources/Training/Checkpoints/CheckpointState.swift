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
  /// The optimizer's name; checkpoints that say none are AdamW's.
  public var optimizer: String
  /// The step after which the optimizer's state began: 0, or where a run started from weights alone; below
  /// 0 where it was taken over and the steps count anew.
  public var optimizerStart: Int
  /// Kernel variant that computed the run so far: another gives the same numbers only within rounding.
  public var instructionSet: String

  /// Creates a state.
  public init(
    step: Int, tokens: Int, seed: Int, globalBatchSize: Int, optimizer: String = "adamW", optimizerStart: Int = 0,
    instructionSet: String
  ) {
    self.step = step
    self.tokens = tokens
    self.seed = seed
    self.globalBatchSize = globalBatchSize
    self.optimizer = optimizer
    self.optimizerStart = optimizerStart
    self.instructionSet = instructionSet
  }

  var json: JSON {
    .object([
      "format": .integer(1), "step": .integer(Int64(step)), "tokens": .integer(Int64(tokens)),
      "seed": .integer(Int64(seed)), "global_batch_size": .integer(Int64(globalBatchSize)),
      "optimizer": .string(optimizer), "optimizer_start": .integer(Int64(optimizerStart)),
      "instruction_set": .string(instructionSet),
    ])
  }

  init(file path: String) throws {
    let json = try JSON.parse(contentsOfFile: path)
    guard json["format"]?.intValue == 1, let step = json["step"]?.intValue, step >= 0,
      let tokens = json["tokens"]?.intValue, let seed = json["seed"]?.intValue,
      let batch = json["global_batch_size"]?.intValue,
      case let start = json["optimizer_start"]?.intValue ?? 0, (-1_000_000_000_000...step).contains(start)
    else { throw FileError(path: path, problem: "does not say step, tokens, seed and batch of a checkpoint") }
    self.init(
      step: step, tokens: tokens, seed: seed, globalBatchSize: batch, optimizer: json["optimizer"]?.stringValue ?? "adamW",
      optimizerStart: start,
      instructionSet: json["instruction_set"]?.stringValue ?? "unknown")
  }
}
