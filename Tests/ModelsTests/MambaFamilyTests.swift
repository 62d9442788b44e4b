import Formats
import Models
import Testing

/// What `config.json` says of Falcon-H1 and Zamba2.
@Suite struct MambaFamilyTests {
  private let falcon = """
    "model_type": "falcon_h1", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 20, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "mamba_d_ssm": 40, "mamba_n_heads": 5
    """
  private let zamba = """
    "model_type": "zamba2", "vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "n_mamba_heads": 4, "layers_block_type": ["mamba", "hybrid", "hybrid"]
    """

  private func read(_ members: String, _ more: String = "") throws -> ModelConfiguration {
    let text = "{\(members)\(more.isEmpty ? "" : ", ")\(more)}"
    return try ModelConfiguration(huggingFace: JSON.parse(text), file: "config.json")
  }

  @Test func limitsOfTimeStepsAreReadAndWritten() throws {
    func limits(_ c: ModelConfiguration) throws -> [Double?] {
      let parallel = try #require(c.mixer(layer: 1) as? ParallelMixers)
      let mamba = try #require(parallel.branches[0].mixer.kind as? Mamba2)
      return [mamba.smallestTimeStep, mamba.largestTimeStep]
    }
    for (text, expected) in [
      (#"[0.0, {"__float__": "Infinity"}]"#, [nil, nil]), (#"[0.01, {"__float__": "Infinity"}]"#, [0.01, nil]),
      ("[0, 0.5]", [nil, 0.5]), ("null", [nil, nil]),
    ] as [(String, [Double?])] {
      let configuration = try read(falcon, #""time_step_limit": \#(text)"#)
      #expect(try limits(configuration) == expected, "\(text)")
      let written = try ModelConfiguration(huggingFace: configuration.huggingFaceJSON(), file: "written")
      #expect(written == configuration, "\(text)")
    }
  }

  @Test func widthFollowsFromTheModelsWhereItIsNull() throws {
    let configuration = try read(falcon, #""mamba_d_ssm": null, "mamba_n_heads": 4"#)
    let parallel = try #require(configuration.mixer(layer: 0) as? ParallelMixers)
    #expect((parallel.branches[0].mixer.kind as? Mamba2)?.dimension == 16)
  }

  /// The published `config.json` of four sizes: what multiplies logits, keys, attention's result, Mamba's input and
  /// result, gate and feed-forward layer, and Mamba's keys.
  @Test(arguments: [
    (
      "falcon-h1-0.5b",
      [
        0.0390625, 0.390625, 0.9375, 1.25,
        0.23570226039551587, 0.8838834764831844, 0.5859375, 0.35355339059327,
      ]
    ),
    (
      "falcon-h1-1.5b-deep",
      [
        0.03125, 0.17677669529663687, 0.5, 1,
        0.23570226039551587, 0.7071067811865476, 0.3125, 0.17677669529663,
      ]
    ),
    (
      "falcon-h1-7b",
      [
        0.013020833333333334, 0.030690398488999456, 0.10416666666666667, 0.4166666666666667,
        0.11785113019775793, 0.2946278254943948, 0.032552083333333336, 0.17677669529663,
      ]
    ),
    (
      "falcon-h1-34b",
      [
        0.0078125, 0.011048543456039804, 0.0375, 0.25,
        0.08838834764831845, 0.1767766952966369, 0.011160714285714284, 0.17677669529663,
      ]
    ),
  ])
  func presetsHaveThePublishedMultipliers(_ name: String, _ published: [Double]) throws {
    let json = try Preset(named: name).configuration.huggingFaceJSON()
    let names = ["lm_head", "key", "attention_out", "ssm_in", "ssm_out"].map { "\($0)_multiplier" }
    var values = try names.map { try #require(json[$0]) }
    values += try #require(json["mlp_multipliers"]?.arrayValue)
    values.append(try #require(json["ssm_multipliers"]?.arrayValue)[2])
    for (value, published) in zip(values, published) {
      let number = try #require(value.doubleValue)
      #expect(abs(number / published - 1) < 1e-12, "\(number), published \(published)")
    }
    #expect(values.count == published.count)
  }

  @Test func wrongValues() {
    for (family, change, part) in [
      (falcon, #""projectors_bias": true"#, "projectors_bias: true is not supported"),
      (falcon, #""mamba_d_head": 7"#, "mamba_d_head: 7 times mamba_n_heads 5 is not mamba_d_ssm 40"),
      (falcon, #""mamba_n_groups": 2"#, "mamba_n_groups: 2 groups must divide the 5 heads"),
      (falcon, #""ssm_multipliers": [1, 1, 1, 1]"#, "ssm_multipliers: [1,1,1,1] is not a list of 5 numbers"),
      (falcon, #""time_step_limit": [0.2, 0.1]"#, "time_step_limit: [0.2,0.1] is not"),
      (zamba, #""add_bias_linear": true"#, "add_bias_linear: true is not supported"),
      (zamba, #""rms_norm_eps": 1e-6"#, "rms_norm_eps: 1e-06 is not supported"),
      (zamba, #""mamba_ngroups": 3"#, "mamba_ngroups: 3 groups must divide the 4 heads"),
      (zamba, #""layers_block_type": ["mamba", "attention", "mamba"]"#, "layers_block_type: it must be a list of 3"),
    ] {
      let error = #expect(throws: HuggingFaceConfigurationError.self) { try read(family, change) }
      #expect("\(error.map(\.description) ?? "")".contains(part), "\(change): \(error.map(\.description) ?? "")")
    }
  }

  /// A block that two layers share has its parameters once and multiplies with them twice.
  @Test func sharedParametersCountOnceAndWorkTwice() throws {
    let configuration = try read(zamba, #""adapter_rank": 2"#)
    let kind = configuration.mixer(layer: 1)
    let (first, second) = (LayerSite(configuration, layer: 1), LayerSite(configuration, layer: 2))
    func count(_ site: LayerSite, _ isCounted: (String) -> Bool = { _ in true }) -> Int {
      kind.declarations(site).reduce(0) { $0 + (isCounted($1.name) ? $1.count : 0) }
    }
    let shared = count(first) { $0.hasPrefix("model.layers.1.shared_transformer") && !$0.contains("adapter") }
    #expect(shared > 0 && count(second) + shared == count(first))
    let names = configuration.declarations().map(\.name)
    #expect(Set(names).count == names.count)
    #expect(
      kind.trainingOperationsPerToken(sequenceLength: 10, second)
        == kind.trainingOperationsPerToken(sequenceLength: 10, first) + 6 * Double(shared))
  }
}
