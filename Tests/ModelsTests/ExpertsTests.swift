import Formats
import Foundation
import Models
import Tensors
import Testing

/// Layers of experts against transformers' modules (`scripts/golden/experts_golden.py`), and what configurations say of
/// them.
@Suite struct ExpertsTests {
  static let width = 32

  /// A model around the layer; the layer alone is computed.
  static func configuration(_ kind: any FeedForwardKind, layers: Int = 1) -> ModelConfiguration {
    var configuration = ModelConfiguration(
      family: .apus, vocabularySize: 64, hiddenSize: width, intermediateSize: 48, layerCount: layers, headCount: 4)
    configuration.feedForwards = LayerPattern([kind])
    return configuration
  }

  static func kind(_ name: String) -> ExpertsFeedForward {
    var kind: ExpertsFeedForward
    switch name {
    case "deepseek_v3":
      kind = ExpertsFeedForward(
        RouterSpecification(
          experts: 16, chosen: 4, scores: .sigmoid, normalizesWeights: true, scale: 2.5, groups: 4, chosenGroups: 2),
        width: 24)
      kind.sharedWidth = 48
      kind.biasUpdateSpeed = 0.001
    case "gpt_oss":
      kind = ExpertsFeedForward(RouterSpecification(experts: 8, chosen: 3, normalizesWeights: true), width: 24)
      kind.activation = .clampedSwiGLU
      kind.routerBias = true
      kind.expertBias = true
    default:
      kind = ExpertsFeedForward(RouterSpecification(experts: 6, chosen: 2), width: 16)
      kind.sharedWidth = 40
      kind.sharedGate = true
    }
    return kind
  }

  /// transformers' name of a parameter of the only layer.
  static func reference(_ name: String, _ block: String) -> String {
    let short = String(name.dropFirst("model.layers.0.mlp.".count))
    return block == "gpt_oss" && short.hasPrefix("gate.") ? "router" + short.dropFirst("gate".count) : short
  }

  @Test(arguments: ["deepseek_v3", "gpt_oss", "qwen2_moe"]) func agreesWithTransformers(_ name: String) throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden/experts")
    let file = try Safetensors(folder.appendingPath("\(name).safetensors"))
    func expected(_ name: String) throws -> [Float] {
      let bytes = file.bytes(of: try file.entry(name, element: .float32))
      return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
    }
    let kind = Self.kind(name)
    let site = LayerSite(Self.configuration(kind), layer: 0)
    try kind.check(site)
    let store = ParameterStore(kind.declarations(site), trainable: true)
    store.gradient?.floats.update(repeating: 0)
    for parameter in store.parameters {
      let values = try expected(Self.reference(parameter.name, name))
      _ = parameter.master.floats.update(fromContentsOf: values)
    }
    store.version.advance()
    let layer = kind.makeLayer(store, site)
    let execution = Execution(compute: .float32)
    var tape = Tape(execution)
    let x = tape.variable(Tensor(try expected("x"), shape: [19, Self.width], in: execution.arena))
    let output = layer.forward(x, on: &tape)
    #expect(relativeDifference(output.tensor.toFloats(), try expected("output")) < 1e-6)
    let weight = Tensor(try expected("weight"), shape: [19, Self.width], in: execution.arena)
    let gradient = try #require(tape.backward(from: [(output, gradient: weight)], to: [x])[0])
    #expect(relativeDifference(gradient.toFloats(), try expected("grad.x")) < 1e-5)
    for (declaration, parameter) in zip(store.declarations, store.parameters) where declaration.isOptimized {
      let own = try #require(parameter.gradient).toFloats()
      let reference = try expected("grad." + Self.reference(parameter.name, name))
      if reference.allSatisfy({ $0 == 0 }) {
        #expect(own.allSatisfy { $0 == 0 }, "\(parameter.name)")
      } else {
        #expect(relativeDifference(own, reference) < 1e-4, "gradient of \(parameter.name)")
      }
    }
  }

  @Test func settingsSurviveWritingAndReading() throws {
    for name in ["deepseek_v3", "gpt_oss", "qwen2_moe"] {
      var configuration = Self.configuration(Self.kind(name), layers: 4)
      configuration.feedForwards = LayerPattern(
        [DenseFeedForward(width: 80, activation: .reluSquared)] + [any FeedForwardKind](repeating: Self.kind(name), count: 3))
      let read = try ModelConfiguration(huggingFace: configuration.huggingFaceJSON(), file: "config.json")
      #expect(read.feedForwards == configuration.feedForwards)
      #expect(read.parameterCounts == configuration.parameterCounts)
    }
  }

  /// One entry may stand for several layers.
  @Test func leadingDenseLayers() throws {
    var configuration = Self.configuration(DenseFeedForward(), layers: 5)
    let text = """
      {"feed_forwards": [{"kind": "dense", "width": 100, "layers": 2},
      {"kind": "experts", "num_experts": 8, "num_experts_per_tok": 2, "width": 16, "layers": 3}]}
      """
    try configuration.apply(architecture: JSON.parse(Array(text.utf8), name: "text"), path: "architecture")
    try configuration.checkLayers()
    let counts = configuration.parameterCounts
    #expect(counts.feedForward == 2 * 3 * 100 * 32 + 3 * (8 * 32 + 8 * 3 * 16 * 32))
    #expect(counts.idle == 3 * 6 * 3 * 16 * 32)
    #expect(counts.active == counts.total - counts.idle)
  }

  @Test(arguments: [
    (#""num_experts": 4, "num_experts_per_tok": 5, "width": 8"#, "num_experts_per_tok"),
    (#""num_experts": 6, "num_experts_per_tok": 2, "width": 8, "n_group": 4"#, "n_group"),
    (#""num_experts": 8, "num_experts_per_tok": 4, "width": 8, "n_group": 4, "topk_group": 1"#, "topk_group"),
    (#""num_experts": 8, "num_experts_per_tok": 4, "width": 8, "shared_expert_gate": true"#, "shared_expert_gate"),
    (#""num_experts": 8, "num_experts_per_tok": 4, "width": 1000000000"#, "feed_forwards"),
    (#""num_experts": 8, "num_experts_per_tok": 4, "width": 8, "aux_loss_coef": -1"#, "aux_loss_coef"),
    (#""num_experts": 8, "width": 8"#, "num_experts_per_tok"),
  ])
  func refusesSettingsThatMakeNoSense(_ settings: String, _ key: String) throws {
    var configuration = Self.configuration(DenseFeedForward())
    configuration.layerCount = 90_000
    let json = try JSON.parse(Array(#"{"feed_forwards": [{"kind": "experts", \#(settings)}]}"#.utf8), name: "text")
    let error = #expect(throws: SettingsError.self) {
      try configuration.apply(architecture: json, path: "architecture")
      try configuration.checkLayers()
    }
    #expect(error?.key.contains(key) == true, "\(String(describing: error))")
  }

  /// A few tokens go through the weights in eight bits, and come out near those in full.
  @Test func eightBitsStayNear() throws {
    let kind = Self.kind("deepseek_v3")
    let model = DecoderModel(Self.configuration(kind, layers: 2), trainable: false)
    model.store.initialize(seed: 3)
    func hidden(_ format: WeightFormat) -> [Float] {
      let execution = Execution(compute: .float32, weightFormat: format)
      var state = DecoderState(model.configuration, capacity: 8, in: execution)
      return model.step([3, 9, 4], state: &state, in: execution).toFloats()
    }
    let full = hidden(.compute)
    let short = hidden(.q8)
    #expect(full != short)
    #expect(relativeDifference(short, full) < 0.05)
  }

  /// The bias moves against the load, by its speed and no more.
  @Test func biasFollowsTheLoad() throws {
    var kind = ExpertsFeedForward(RouterSpecification(experts: 4, chosen: 1), width: 8)
    kind.biasUpdateSpeed = 0.25
    let model = DecoderModel(Self.configuration(kind), trainable: true)
    model.store.initialize(seed: 1)
    model.balanceRouters([0: RouterLoad(tokens: 8, counts: [4, 2, 0, 2], shares: [2, 2, 2, 2], squaredLogSumExp: 0)])
    let bias = try #require(model.store.parameter("model.layers.0.mlp.gate.e_score_correction_bias"))
    #expect(bias.master.toFloats() == [-0.25, 0, 0.25, 0])
  }
}
