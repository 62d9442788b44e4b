import Foundation
import Models
import Optimization
import Tensors
import Testing
import Training

/// The maximal update parametrization: what a configuration makes of it, and the coordinate check of its paper
/// (arXiv:2203.03466, appendix D.1).
@Suite struct MaximalUpdateTests {
  private func configuration(_ width: Int, heads: Int, _ apus: String) throws -> RunConfiguration {
    try RunConfiguration.parse(
      yaml: """
        model:
          dtype: float32
          init_method: {std: 0.125, scaling_method: NONE}
          model_config: {hidden_size: \(width), intermediate_size: \(3 * width), num_hidden_layers: 2,
            num_attention_heads: \(heads), vocab_size: 64, tie_word_embeddings: \(heads == 4)}
        optimizer: {weight_decay: 0}
        tokens: {sequence_length: 32, train_steps: 10}
        apus: {\(apus)}
        """, file: "mup.yaml"
    ).configuration
  }

  /// How far the residual stream behind each block and the logits have moved from where they began, root mean square,
  /// after four updates of a model of this width.
  private func movement(_ width: Int, heads: Int, _ apus: String) throws -> [Double] {
    let configuration = try configuration(width, heads: heads, apus)
    let shape = try configuration.modelConfiguration(file: "mup.yaml")
    let model = DecoderModel(shape, trainable: true, scheme: configuration.initializationScheme(shape))
    model.store.initialize(seed: 2)
    let execution = Execution(compute: .float32)
    let optimizer = Optimizer(
      model.store, configuration.optimizer.rule, in: execution, group: configuration.parameterGroup)
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: 8), sequenceLength: 32, execution: execution)
    var batch = TokenBatch(sequenceLength: 32, maskDocuments: false)
    let random = Philox(seed: 8, purpose: "tokens")
    for window in 0..<8 {
      let tokens = (0...32).map { Int32(random.uniform(UInt64(window * 33 + $0)) * 64) }
      tokens.withUnsafeBufferPointer { tokens in
        [Int32](repeating: 0, count: 33).withUnsafeBufferPointer {
          batch.append(window: tokens, documentStarts: $0, predictFirstTokens: true)
        }
      }
    }
    let context = SequenceContext(
      sequences: 8, length: 32, documentStarts: nil,
      rotaryTable: RotaryTable.make(shape, positions: 32, in: execution.arena), arena: execution.arena)
    func activations() -> [[Float]] {
      let tokens = Tensor(batch.tokens, in: execution.arena)
      var tape = Tape(execution, recording: false)
      let hidden = model.hiddenStates(tokens, context, on: &tape).tensor
      return model.residualStreams(tokens, context, in: execution).dropFirst().map { $0.toFloats() }
        + [model.logits(hidden, in: execution).toFloats()]
    }
    let before = activations()
    for number in 1...4 { _ = try step.run(batch, step: number, learningRate: 5e-3) }
    return zip(before, activations()).map { before, after in
      (zip(before, after).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) } / Double(before.count)).squareRoot()
    }
  }

  /// Wider by more heads with an untied head, and by wider heads with a tied one.
  @Test(arguments: [false, true]) func activationsMoveAlikeAtEveryWidth(widerHeads: Bool) throws {
    func movements(_ apus: String) throws -> [[Double]] {
      try [64, 128, 256, 512].map { try movement($0, heads: widerHeads ? 4 : $0 / 16, apus) }
    }
    let ours = try movements("mup: {base_width: 64\(widerHeads ? ", base_head_dim: 16" : "")}")
    let standard = try movements("")
    #expect(ours[0] == standard[0], "at the base's width nothing changes")
    for place in ours[0].indices {
      // What is random in the logits at the start gets smaller by the root of the width, on purpose.
      let ratio = ours[3][place] / ours[0][place]
      #expect(ratio > 0.5 && ratio < 1.5, "µP, place \(place): \(ours.map { $0[place] })")
      let drift = standard[3][place] / standard[0][place]
      #expect(drift > 2.5, "standard, place \(place): \(standard.map { $0[place] })")
    }
  }

  @Test func theModelCarriesItsScales() throws {
    let configuration = try configuration(256, heads: 4, "mup: {base_width: 64, base_head_dim: 16}")
    let model = try configuration.modelConfiguration(file: "mup.yaml")
    #expect(model.logitFactor == 0.25 && model.attentionScalar == 256 && model.family == .apus)
    #expect(try ModelConfiguration(huggingFace: model.huggingFaceJSON(), file: "config.json") == model)
    let same = try self.configuration(64, heads: 4, "mup: {base_width: 64}").modelConfiguration(file: "mup.yaml")
    #expect(try same == self.configuration(64, heads: 4, "").modelConfiguration(file: "mup.yaml"))
    let odd = try self.configuration(256, heads: 4, "mup: {base_width: 64, base_head_dim: 48}")
    #expect(throws: ConfigurationError.self) { try odd.modelConfiguration(file: "mup.yaml") }
  }
}
