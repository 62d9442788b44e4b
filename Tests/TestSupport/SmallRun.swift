import Corpora
import Foundation
import Formats
import Reporting
import Training

/// A temporary folder with token files and a configuration of a model of a few thousand parameters.
public final class SmallRun {
  public let root: String
  public static let vocabularySize = 64

  public init(sources: [String] = ["data"]) throws {
    root = FileManager.default.temporaryDirectory.path.appendingPath("apus-run-\(UUID().uuidString)")
    for (i, name) in sources.enumerated() {
      for (part, documents) in [("", 120), ("validation", 12)] {
        let folder = root.appendingPath(name).appendingPath(part)
        try Paths.createFolder(folder)
        let writer = try TokenFileWriter(
          folder.appendingPath("000_text.ds"), tokenizer: "none", tokenSize: TokenFileWriter.tokenSize(vocabularySize: 64))
        for document in 0..<documents { try writer.append(Self.document(document * 2 + i, step: i + 1)) }
        try writer.commit()
      }
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// Counts upwards from somewhere: easy to learn.
  private static func document(_ n: Int, step: Int) -> [UInt32] {
    let length = 20 + n * 7 % 30
    return (0..<length).map { UInt32(2 + (n * 5 + $0 * step) % 61) } + [0]
  }

  public func yaml(steps: Int = 12, extra: String = "", model: String = "") -> String {
    """
    general: {run: small, seed: 7}
    data_stages:
    - data: {dataset: {dataset_folder: [\(root)/data]}}
    model:
      model_config: {hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2, num_attention_heads: 4,
        num_key_value_heads: 2, vocab_size: \(Self.vocabularySize), tie_word_embeddings: true,
        _use_doc_masking: true \(model)}
    optimizer: {learning_rate_scheduler: {learning_rate: 1.0e-2, lr_warmup_steps: 3, lr_warmup_style: linear}}
    tokens: {sequence_length: 24, train_steps: \(steps), micro_batch_size: 4, batch_accumulation_per_replica: 2}
    checkpoints: {checkpoint_interval: 4}
    apus: {run_folder: \(root)/run, keep_checkpoints: null, validation: {interval: 6, batches: 2}}
    \(extra)
    """
  }

  /// Trains until the end, or asks for a stop after `stop` steps.
  @discardableResult
  public func train(_ yaml: String, set: [String] = [], stop: Int? = nil) throws -> (outcome: Trainer.Outcome, notes: [String], steps: [TrainingStepMetrics]) {
    let (configuration, _) = try RunConfiguration.parse(
      yaml: yaml, file: "small.yaml", overrides: try set.map { try ConfigurationOverride($0) })
    let run = try TrainingRun(configuration, runName: configuration.general.run)
    var notes: [String] = []
    var steps: [TrainingStepMetrics] = []
    let trainer = try Trainer(run, matrixRate: 1e12) { event in
      switch event {
      case .note(let text): notes.append(text)
      case .step(let metrics): steps.append(metrics)
      case .validation: break
      }
    }
    let outcome = try trainer.train { stop.map { steps.count >= $0 } ?? false }
    return (outcome, notes, steps)
  }

  public func checkpoint(_ step: Int) -> String { root.appendingPath("run/checkpoints/\(step)") }
  public func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }
}
