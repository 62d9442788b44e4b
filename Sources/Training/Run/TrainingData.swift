import Corpora
import Formats
import Models

/// The batches of a run, addressed by step alone.
public struct TrainingData: Sendable {
  /// One stage of the curriculum.
  struct Stage: Sendable {
    let name: String
    let firstStep: Int
    let loader: MixtureLoader
  }

  let stages: [Stage]
  let batches: BatchSchedule
  let maskDocuments: Bool
  let predictFirstTokens: Bool

  /// Opens the token folders of every stage.
  /// - Throws: a sentence naming the folder that is missing, too short or of another vocabulary.
  public init(_ configuration: RunConfiguration, vocabularySize: Int, endOfText: UInt32?) throws {
    batches = configuration.batchSchedule
    maskDocuments = configuration.model.shape.documentMasking
    predictFirstTokens = configuration.apus.firstTokenOfDocumentIsTarget
    guard !configuration.dataStages.isEmpty else {
      throw ConfigurationError(
        place: configuration.general.run, key: "data_stages", reason: "missing; name the token folders to train on")
    }
    stages = try configuration.dataStages.enumerated().map { index, stage in
      guard let dataset = stage.dataset else {
        throw ConfigurationError(
          place: configuration.general.run, key: "data_stages.\(index).data.dataset",
          reason: "missing; name a dataset_folder that `apus data prepare` wrote")
      }
      let loader = try MixtureLoader(
        sources: dataset.openFolders.map { try TokenSource($0, endOfText: endOfText) }, weights: dataset.weights,
        sequenceLength: stage.sequenceLength, seed: UInt64(stage.seed), stage: index,
        shuffle: configuration.apus.shuffle, vocabularySize: vocabularySize)
      return Stage(name: stage.name, firstStep: stage.startTrainingStep, loader: loader)
    }
  }

  /// Longest window of any stage.
  public var longestSequence: Int { stages.map(\.loader.sequenceLength).max() ?? 0 }

  /// The batch of update `step`, counted from 1: of its stage the samples after those of all updates before.
  public func batch(step: Int) throws -> TokenBatch {
    let stage = stages.last { $0.firstStep <= step } ?? stages[0]
    let first = UInt64(batches.samples(before: step) - batches.samples(before: stage.firstStep))
    return try stage.loader.batch(
      first..<first + UInt64(batches.sequences(step: step)), maskDocuments: maskDocuments,
      predictFirstTokens: predictFirstTokens)
  }

  /// Tokens that the updates up to `step` have consumed.
  public func tokens(through step: Int) -> Int {
    var total = 0
    for (i, stage) in stages.enumerated() where stage.firstStep <= step {
      let end = i + 1 < stages.count ? min(step + 1, stages[i + 1].firstStep) : step + 1
      total += (batches.samples(before: end) - batches.samples(before: stage.firstStep)) * stage.loader.sequenceLength
    }
    return total
  }
}

extension RunConfiguration.TokenDataset {
  /// The folders to read: the local copy where one is named and there.
  var openFolders: [String] {
    guard let readPaths else { return folders }
    return zip(folders, readPaths).map { Paths.isFolder($1) ? $1 : $0 }
  }
}

extension MixtureLoader {
  /// The samples of a range as one batch.
  public func batch(_ samples: Range<UInt64>, maskDocuments: Bool, predictFirstTokens: Bool) throws -> TokenBatch {
    var batch = TokenBatch(sequenceLength: sequenceLength, maskDocuments: maskDocuments)
    let size = sequenceLength + 1
    try withUnsafeTemporaryAllocation(of: Int32.self, capacity: size * 2) { memory in
      let tokens = UnsafeMutableBufferPointer(rebasing: memory[0..<size])
      let starts = UnsafeMutableBufferPointer(rebasing: memory[size...])
      for n in samples {
        try sample(n, into: tokens, documentStarts: starts)
        batch.append(
          window: UnsafeBufferPointer(tokens), documentStarts: UnsafeBufferPointer(starts),
          predictFirstTokens: predictFirstTokens)
      }
    }
    return batch
  }
}
