import Formats
import Foundation
import Models
import Reporting
import Tensors
import TestSupport
import Testing
import Training

/// Training with experts: what a run writes. `ArchitectureLearningTests` says that they learn and stay evenly used.
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
}
