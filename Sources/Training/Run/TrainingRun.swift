import Corpora
import Formats
import Models
import Optimization
import Planning
import Reporting
import Tensors
import Tokenization

/// Everything a configuration stands for, opened and checked: what a dry run shows and a run trains.
public struct TrainingRun: Sendable {
  /// The configuration, every default filled in.
  public let configuration: RunConfiguration
  /// The run's folder.
  public let folder: String
  /// Where its checkpoints lie.
  public let checkpoints: CheckpointFolder
  /// The model's shape.
  public let modelConfiguration: ModelConfiguration
  /// The tokenizer that saved models carry.
  public let tokenizer: Tokenizer?
  /// How the global batch is worked through.
  public let layout: RunConfiguration.BatchLayout

  /// Reads what the configuration names, tokenizer and starting model.
  /// - Throws: a sentence naming the key, file or folder that is wrong.
  public init(_ configuration: RunConfiguration, runName: String) throws {
    self.configuration = configuration
    folder = configuration.runFolder(runName: runName)
    checkpoints = CheckpointFolder(configuration.checkpointsFolder(runName: runName))
    layout = try configuration.batchLayout()
    var tokenizerPath = configuration.tokenizerPath
    var base: ModelConfiguration?
    if case .folder(let path) = configuration.model.initialization {
      base = try ModelConfiguration(stored: path)
      // A folder without a tokenizer goes on over bare token files.
      let hasTokenizer = Paths.exists(path.appendingPath("tokenizer.json"))
      tokenizerPath = tokenizerPath ?? (hasTokenizer ? path : nil)
    }
    tokenizer = try tokenizerPath.map { try Tokenizer(directory: $0) }
    modelConfiguration = try configuration.modelConfiguration(
      vocabularySize: tokenizer?.vocabularySize, beginOfText: tokenizer?.beginningOfText.map(Int.init),
      endOfText: tokenizer?.endOfText.map(Int.init), base: base, file: configuration.general.run)
  }

  /// Norms of queries and keys that a model of shape `base` lacks, by parameter names: `apus.qk_norm` was switched on
  /// between the weights that are taken over and this run.
  func newNorms(since base: ModelConfiguration) -> Set<String> {
    guard base.queryKeyNorm == nil, modelConfiguration.queryKeyNorm != nil else { return [] }
    return Set(modelConfiguration.declarations().map(\.name)).subtracting(base.declarations().map(\.name))
  }

  /// What the run will need and do.
  /// - Parameter measuredRate: floating-point operations a second that training is expected to reach.
  public func plan(measuredRate: Double?) -> RunPlan {
    let stages = configuration.stageSizes.map { size in
      RunPlan.Stage(steps: size.steps, sequenceLength: size.sequenceLength, samples: size.samples)
    }
    let optimizer = OptimizerLayout(
      modelConfiguration.declarations(), rule: configuration.optimizer.rule, group: configuration.parameterGroup)
    return RunPlan(
      model: modelConfiguration,
      stages: stages,
      microBatchSize: layout.microBatchSize, globalBatchSize: layout.globalBatchSize,
      recompute: configuration.parallelism.recomputeLayer,
      computeBytes: configuration.model.computeType == .bfloat16 ? 2 : 4, measuredRate: measuredRate,
      optimizerStateBytes: optimizer.stateBytes)
  }
}
