import Corpora
import Formats
import Foundation
import Models
import Reporting

/// Held-out windows of one source: always the same ones, in the order of their files.
public struct ValidationSet: Sendable {
  /// The name its losses go by.
  public let name: String
  private let loader: MixtureLoader
  private let windows: Int
  private let maskDocuments: Bool
  private let predictFirstTokens: Bool
  /// Bytes of text a token stands for; nil for a folder that does not say.
  private let bytesPerToken: Double?

  init(
    name: String, folder: String, sequenceLength: Int, mostWindows: Int, vocabularySize: Int, endOfText: UInt32?,
    maskDocuments: Bool, predictFirstTokens: Bool
  ) throws {
    self.name = name
    let source = try TokenSource(folder, endOfText: endOfText)
    loader = try MixtureLoader(
      sources: [source], sequenceLength: sequenceLength, seed: 0, shuffle: false, vocabularySize: vocabularySize)
    windows = min(mostWindows, source.windowCount(sequenceLength: sequenceLength))
    self.maskDocuments = maskDocuments
    self.predictFirstTokens = predictFirstTokens
    bytesPerToken = source.textBytes.map { Double($0) / Double(max(source.tokenCount, 1)) }
  }

  /// The sets of a configuration: those it names, or the `validation` folder inside each dataset folder.
  static func all(
    _ configuration: RunConfiguration, vocabularySize: Int, endOfText: UInt32?
  ) throws -> [ValidationSet] {
    var sources = configuration.apus.validation.sources ?? []
    if configuration.apus.validation.sources == nil {
      for stage in configuration.dataStages {
        for folder in stage.dataset?.openFolders ?? [] {
          let inside = folder.appendingPath("validation")
          let name = folder.lastPathPart
          if Paths.isFolder(inside), !sources.contains(where: { $0.name == name }) {
            sources.append(.init(name: name, folder: inside))
          }
        }
      }
    }
    return try sources.map { source in
      try ValidationSet(
        name: source.name, folder: source.folder, sequenceLength: configuration.tokens.sequenceLength,
        mostWindows: configuration.apus.validation.batches * configuration.tokens.microBatchSize,
        vocabularySize: vocabularySize, endOfText: endOfText,
        maskDocuments: configuration.model.shape.documentMasking,
        predictFirstTokens: configuration.apus.firstTokenOfDocumentIsTarget)
    }
  }

  /// Mean loss over the windows after update `step`.
  func evaluate(with trainer: TrainingStep, step: Int) throws -> ValidationMetrics {
    var total = 0.0
    var count = 0.0
    let size = trainer.settings.microBatchSize
    for start in stride(from: 0, to: windows, by: size) {
      let batch = try loader.batch(
        UInt64(start)..<UInt64(min(start + size, windows)), maskDocuments: maskDocuments,
        predictFirstTokens: predictFirstTokens)
      let results = trainer.evaluate(batch)
      for (logProbability, weight) in zip(results.logProbabilities, batch.weights) {
        total -= Double(logProbability) * Double(weight)
        count += Double(weight)
      }
    }
    let loss = total / max(count, 1)
    return ValidationMetrics(
      step: step, source: name, loss: loss, bitsPerByte: bytesPerToken.map { loss / M_LN2 / $0 })
  }
}
