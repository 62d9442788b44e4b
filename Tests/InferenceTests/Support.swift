import Formats
import Foundation
import Inference
import Models
import Tensors
import Tokenization

/// A folder that goes away with the test that made it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path.appendingPath("apus-inference-\(UUID().uuidString)")
    try Paths.createFolder(path)
  }

  deinit { try? Paths.remove(path) }
}

/// A tokenizer of 290 tokens and a random model of two layers that computes in float32.
enum Tiny {
  static func tokenizer() throws -> Tokenizer {
    var trainer = try BPETrainer(.init(vocabularySize: 290), threads: 1)
    trainer.add([Array("the swift flies over the hill and the river, and the swift sings in the air".utf8)])
    return try trainer.train()
  }

  static func configuration(_ vocabulary: Int, context: Int = 64) -> ModelConfiguration {
    ModelConfiguration(
      vocabularySize: vocabulary, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4,
      keyValueHeadCount: 2, contextLength: context, initializerRange: 0.3)
  }

  static func model(
    context: Int = 64, seed: UInt64 = 1, padding: Int = 0, endOfTextTokens: [UInt32] = []
  ) throws -> LanguageModel {
    let tokenizer = try tokenizer()
    let model = DecoderModel(
      configuration(tokenizer.vocabularySize + padding, context: context), trainable: false,
      scheme: InitializationScheme(scaling: .none))
    model.store.initialize(seed: seed)
    return LanguageModel(
      model, tokenizer: tokenizer, execution: Execution(compute: .float32), endOfTextTokens: endOfTextTokens)
  }
}

/// Logits `[tokens][vocabulary]` of a whole sequence at once, with no cache.
func wholeLogits(_ language: LanguageModel, _ tokens: [UInt32]) -> [[Float]] {
  let execution = language.execution
  var tape = Tape(execution, recording: false)
  let context = SequenceContext(
    sequences: 1, length: tokens.count, documentStarts: nil,
    rotaryTable: RotaryTable.make(language.configuration, positions: tokens.count, in: execution.arena),
    arena: execution.arena)
  let hidden = language.model.hiddenStates(
    Tensor(tokens.map { Int32($0) }, in: execution.arena), context, on: &tape)
  let logits = language.model.logits(hidden.tensor, in: execution)
  return (0..<tokens.count).map { logits[rows: $0..<$0 + 1].toFloats() }
}

/// The sentence of the error that `body` throws.
func sentence(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch {
    return "\(error)"
  }
}
