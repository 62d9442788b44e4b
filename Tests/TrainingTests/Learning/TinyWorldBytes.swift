import Corpora
import Foundation
import Models
import Optimization
import Tensors
import Training

/// Bytes of tiny world in windows, and short runs over them.
struct TinyWorldBytes {
  static let vocabulary = 128
  static let steps = 200
  /// What every model of the lane reads.
  static let shared = TinyWorldBytes(tokens: steps * windows * (length + 1))
  private static let (windows, length) = (16, 64)

  let tokens: [Int32]
  /// Nats of a byte whose neighbours are unknown.
  let entropy: Double

  init(tokens count: Int) {
    let world = TinyWorld(seed: 11)
    var tokens: [Int32] = []
    var document: UInt64 = 0
    while tokens.count < count {
      tokens += world.document(document).text.utf8.map { Int32($0 & 127) } + [0]
      document += 1
    }
    self.tokens = Array(tokens.prefix(count))
    var counts = [Double](repeating: 0, count: Self.vocabulary)
    for token in self.tokens { counts[Int(token)] += 1 }
    entropy = counts.reduce(0) { $1 > 0 ? $0 - $1 / Double(count) * log($1 / Double(count)) : $0 }
  }

  /// A Llama of two layers, which the lane's cases change.
  static var dense: ModelConfiguration {
    ModelConfiguration(
      family: .apus, vocabularySize: vocabulary, hiddenSize: 64, intermediateSize: 176, layerCount: 2, headCount: 4,
      tiedEmbeddings: true)
  }

  /// 200 steps of sixteen windows; the loss and the experts' loads over the last twenty.
  func train(_ configuration: ModelConfiguration) throws -> (loss: Double, routing: [Int: RouterLoad]) {
    let model = DecoderModel(configuration, trainable: true)
    model.store.initialize(seed: 4)
    let execution = Execution(compute: .float32)
    let optimizer = Optimizer(model.store, AdamW(), in: execution) {
      ParameterGroup(weightDecay: $0.shape.count > 1 ? 0.1 : 0)
    }
    let length = Self.length
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: 8), sequenceLength: length, execution: execution)
    var loss = 0.0
    var routing: [Int: RouterLoad] = [:]
    for number in 1...Self.steps {
      var batch = TokenBatch(sequenceLength: length, maskDocuments: false)
      for window in 0..<Self.windows {
        let first = ((number - 1) * Self.windows + window) * (length + 1)
        let starts = [Int32](repeating: 0, count: length + 1)
        tokens[first..<first + length + 1].withUnsafeBufferPointer { window in
          starts.withUnsafeBufferPointer { batch.append(window: window, documentStarts: $0, predictFirstTokens: true) }
        }
      }
      let rate = 3e-3 * min(1, Double(number) / 20)
      let result = try step.run(batch, step: number, learningRate: rate)
      guard number > Self.steps - 20 else { continue }
      loss += result.loss / 20
      routing.merge(result.routing) { sum, load in
        var sum = sum
        sum.add(load)
        return sum
      }
    }
    return (loss, routing)
  }
}
