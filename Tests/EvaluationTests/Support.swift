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
    path = FileManager.default.temporaryDirectory.path.appendingPath("apus-evaluation-\(UUID().uuidString)")
    try Paths.createFolder(path)
  }

  deinit { try? Paths.remove(path) }

  @discardableResult
  func file(_ name: String, _ text: String) throws -> String {
    let path = path.appendingPath(name)
    try Paths.createFolder(path.parentPath)
    try AtomicFile.write(text, to: path)
    return path
  }
}

/// A tokenizer of 290 tokens and a random model that computes in float32.
func tinyModel(context: Int = 32, seed: UInt64 = 1) throws -> LanguageModel {
  var trainer = try BPETrainer(.init(vocabularySize: 290), threads: 1)
  trainer.add([Array("the swift flies over the hill and the river, and the swift sings in the air".utf8)])
  let tokenizer = try trainer.train()
  let configuration = ModelConfiguration(
    vocabularySize: 290, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
    contextLength: context, tiedEmbeddings: true, initializerRange: 0.2)
  let model = DecoderModel(configuration, trainable: false, scheme: InitializationScheme(scaling: .none))
  model.store.initialize(seed: seed)
  return LanguageModel(model, tokenizer: tokenizer, execution: Execution(compute: .float32))
}

/// Sum of the negative log-likelihoods of `tokens[1...]`, each given all before it, from logits in double.
func plainNats(_ language: LanguageModel, _ tokens: [UInt32]) -> [Double] {
  let execution = language.execution
  let inputs = tokens.dropLast().map { Int32($0) }
  var tape = Tape(execution, recording: false)
  let context = SequenceContext(
    sequences: 1, length: inputs.count, documentStarts: nil,
    rotaryTable: RotaryTable.make(language.configuration, positions: inputs.count, in: execution.arena),
    arena: execution.arena)
  let hidden = language.model.hiddenStates(Tensor(inputs, in: execution.arena), context, on: &tape)
  let logits = language.model.logits(hidden.tensor, in: execution)
  return zip(0..<inputs.count, tokens.dropFirst()).map { row, target in
    let values = logits[rows: row..<row + 1].toFloats().map { Double($0) }
    let top = values.max() ?? 0
    return top + log(values.reduce(0) { $0 + exp($1 - top) }) - values[Int(target)]
  }
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
