import Corpora
import Formats
import Foundation
import Models
import Optimization
import Reporting
import Tensors
import Testing
import Training

/// Training with experts: what a run writes, and in the slow lane that they learn and stay evenly used.
@Suite struct ExpertsTrainingTests {
  private static let experts =
    "{kind: experts, num_experts: 8, num_experts_per_tok: 2, width: 24, aux_loss_coef: 0.01, bias_update_speed: 0.001}"

  @Test func aRunTellsHowExpertsAreUsed() throws {
    let small = try SmallRun()
    let yaml = small.yaml().replacing(
      "keep_checkpoints: null", with: "keep_checkpoints: null, architecture: {feed_forwards: [\(Self.experts)]}")
    let steps = try small.train(yaml).steps
    #expect(steps.allSatisfy { $0.routing.map(\.layer) == [0, 1] })
    #expect(steps.allSatisfy { $0.routing.allSatisfy { $0.largestOverMean >= 1 && $0.entropy <= 1 && $0.dropped == 0 } })
    let read = try RunMetrics(file: small.root.appendingPath("run/metrics.jsonl"))
    #expect(read.steps.map(\.routing) == steps.map(\.routing))
    // The bias is in the checkpoint, moved by whole steps of its speed and by nothing else.
    let model = try ModelConfiguration(huggingFace: small.checkpoint(12))
    let loaded = DecoderModel(model, trainable: false)
    try WeightFiles.load(into: loaded.store, directory: small.checkpoint(12))
    let bias = try #require(loaded.store.parameter("model.layers.0.mlp.gate.e_score_correction_bias")).master.toFloats()
    #expect(bias.contains { $0 != 0 } && bias.allSatisfy { abs($0 * 1000 - ($0 * 1000).rounded()) < 0.05 }, "\(bias)")
  }

  /// Recompute, and stopping in between, give the same bits.
  @Test func recomputeAndStoppingChangeNothing() throws {
    func weights(recompute: Bool, stop: Int?) throws -> Data {
      let small = try SmallRun()
      let yaml = small.yaml(extra: recompute ? "parallelism: {recompute_layer: true}" : "").replacing(
        "keep_checkpoints: null", with: "keep_checkpoints: null, architecture: {feed_forwards: [\(Self.experts)]}")
      if let stop { try small.train(yaml, stop: stop) }
      try small.train(yaml)
      return try small.bytes(small.checkpoint(12).appendingPath("optimizer/master.safetensors"))
    }
    let plain = try weights(recompute: false, stop: nil)
    #expect(try weights(recompute: true, stop: nil) == plain)
    #expect(try weights(recompute: false, stop: 5) == plain)
  }

  @Test func nanotronsKeys() throws {
    let small = try SmallRun()
    let moe = ", moe_config: {num_experts: 4, top_k: 2, moe_intermediate_size: 16, layers: [1], "
      + "enable_shared_expert: true, shared_expert_intermediate_size: 24}"
    let (configuration, _) = try RunConfiguration.parse(yaml: small.yaml(model: moe), file: "small.yaml")
    let model = try TrainingRun(configuration, runName: "small").modelConfiguration
    #expect(model.feedForward(layer: 0) is DenseFeedForward)
    let kind = try #require(model.feedForward(layer: 1) as? ExpertsFeedForward)
    #expect(kind.router == RouterSpecification(experts: 4, chosen: 2) && kind.width == 16)
    #expect(kind.sharedWidth == 24 && kind.sharedGate)
    let (again, _) = try RunConfiguration.parse(yaml: configuration.resolvedYAML, file: "resolved.yaml")
    #expect(again.model.shape.mixture == configuration.model.shape.mixture)
  }

  /// 200 steps on bytes of tiny world: below the entropy of single bytes, within a tenth of the dense model's loss where a
  /// token goes through as many weights, and evenly used by either way of balancing.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_SLOW_TESTS"] == "1"))
  func learnAsADenseModelDoes() throws {
    let text = TinyWorldBytes(tokens: 200 * 16 * 65)
    let dense = try text.train(DenseFeedForward())
    print("entropy of bytes \(text.entropy), dense loss \(dense.loss)")
    #expect(dense.loss < text.entropy)
    var largest: [String: Double] = [:]
    for way in ["none", "aux_loss of the micro-batch", "aux_loss of the global batch", "bias", "sigmoid and bias"] {
      var kind = ExpertsFeedForward(
        RouterSpecification(experts: 16, chosen: 4, normalizesWeights: true), width: 44)
      if way.hasPrefix("aux") { kind.balance.auxiliaryLoss = 0.1 }
      if way.hasSuffix("global batch") { kind.balance.scope = .globalBatch }
      if way.hasSuffix("bias") { kind.biasUpdateSpeed = 0.003 }
      if way.hasPrefix("sigmoid") { (kind.router.scores, kind.biasUpdateSpeed) = (.sigmoid, 0.01) }
      let result = try text.train(kind)
      let busiest = result.routing.values.map(\.largestOverMean).max() ?? .nan
      let entropy = result.routing.values.map(\.evenness).min() ?? .nan
      print("\(way): loss \(result.loss), busiest expert \(busiest) times the mean, entropy \(entropy)")
      largest[way] = busiest
      #expect(result.loss < text.entropy && result.loss < 1.1 * dense.loss, "\(way): \(result.loss)")
      if way != "none" { #expect(busiest < 1.7 && entropy > 0.97, "\(way): \(busiest), \(entropy)") }
    }
    let unbalanced = try #require(largest["none"])
    #expect(largest.values.allSatisfy { $0 <= unbalanced }, "\(largest)")
  }
}

/// Bytes of tiny world in windows, and short runs over them.
private struct TinyWorldBytes {
  static let vocabulary = 128
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

  /// 200 steps of sixteen windows; the loss and the experts' loads over the last twenty.
  func train(_ kind: any FeedForwardKind) throws -> (loss: Double, routing: [Int: RouterLoad]) {
    var configuration = ModelConfiguration(
      family: .apus, vocabularySize: Self.vocabulary, hiddenSize: 64, intermediateSize: 176, layerCount: 2,
      headCount: 4, tiedEmbeddings: true)
    configuration.feedForwards = LayerPattern([kind])
    let model = DecoderModel(configuration, trainable: true)
    model.store.initialize(seed: 4)
    let execution = Execution(compute: .float32)
    let optimizer = Optimizer(model.store, AdamW(), in: execution) {
      ParameterGroup(weightDecay: $0.shape.count > 1 ? 0.1 : 0)
    }
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: 4), sequenceLength: 64, execution: execution)
    var loss = 0.0
    var routing: [Int: RouterLoad] = [:]
    for number in 1...200 {
      var batch = TokenBatch(sequenceLength: 64, maskDocuments: false)
      for window in 0..<16 {
        let first = ((number - 1) * 16 + window) * 65
        let starts = [Int32](repeating: 0, count: 65)
        tokens[first..<first + 65].withUnsafeBufferPointer { window in
          starts.withUnsafeBufferPointer { batch.append(window: window, documentStarts: $0, predictFirstTokens: true) }
        }
      }
      let rate = 3e-3 * min(1, Double(number) / 20)
      let result = try step.run(batch, step: number, learningRate: rate)
      guard number > 180 else { continue }
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
