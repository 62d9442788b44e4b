import Formats
import OrderedCollections

extension ModelConfiguration.Family {
  /// Falcon-H1 (arXiv:2507.22448): attention and Mamba-2 side by side, with multipliers that follow from the sizes.
  public static let falconH1 = Self(FalconH1Family.self)
}

enum FalconH1Family: ModelFamily {
  static let modelTypes = ["falcon_h1"]
  static let architecture = "FalconH1ForCausalLM"
  static let standards = HuggingFaceStandards(keyValueHeads: 8, epsilon: 1e-5, contextLength: 8192)
  static let mayHaveFeedForwardBias = true
  static let names = ParameterNames(finalNorm: "model.final_layernorm")

  static func block(_ at: String, _ c: ModelConfiguration) -> ParameterNames.Block {
    var names = ParameterNames.Block(at, norms: c.normPlacement)
    names.normBeforeFeedForward = "\(at).pre_ff_layernorm"
    names.feedForwardInputs = ["\(at).feed_forward.gate_proj", "\(at).feed_forward.up_proj"]
    names.feedForwardOutput = "\(at).feed_forward.down_proj"
    return names
  }

  static func read(_ reader: HuggingFaceConfigurationReader, into c: inout ModelConfiguration) throws {
    try reader.readAttention(into: &c)
    for key in ["mamba_proj_bias", "projectors_bias"] where try reader.flag(key, missing: false) {
      throw reader.error(key, "true is not supported; the projections of Mamba-2 have no biases")
    }
    var attention = SoftmaxAttention()
    attention.scoreFactor = try reader.positive("key_multiplier", missing: 1)
    let mlp = try reader.positives("mlp_multipliers", count: 2)
    c.embeddingFactor = try reader.positive("embedding_multiplier", missing: 1)
    c.logitFactor = try reader.positive("lm_head_multiplier", missing: 1)
    c.mixers = LayerPattern([
      ParallelMixers([
        .init(
          try mamba(reader, c), inputFactor: try reader.positive("ssm_in_multiplier", missing: 1),
          outputFactor: try reader.positive("ssm_out_multiplier", missing: 1)),
        .init(
          attention, inputFactor: try reader.positive("attention_in_multiplier", missing: 1),
          outputFactor: try reader.positive("attention_out_multiplier", missing: 1)),
      ])
    ])
    c.feedForwards = LayerPattern([DenseFeedForward(gateFactor: mlp?[0] ?? 1, outputFactor: mlp?[1] ?? 1)])
  }

  private static func mamba(_ reader: HuggingFaceConfigurationReader, _ c: ModelConfiguration) throws -> Mamba2 {
    let heads = try reader.size("mamba_n_heads", limit: 4096, missing: 128)
    let width =
      reader.json["mamba_d_ssm"]?.isNull == true
      ? try reader.size("mamba_expand", limit: 64, missing: 2) * c.hiddenSize
      : try reader.size("mamba_d_ssm", missing: 1024)
    var mamba = try reader.mamba2(
      heads: heads, width: width, stateSize: reader.size("mamba_d_state", limit: 4096, missing: 256),
      groups: ("mamba_n_groups", 1))
    if let given = reader.value("mamba_d_head"), given.stringValue != "auto", given.intValue != mamba.dimension {
      throw reader.error(
        "mamba_d_head", "\(reader.shown(given)) times mamba_n_heads \(heads) is not mamba_d_ssm \(width)")
    }
    mamba.hasNorm = try reader.flag("mamba_rms_norm", missing: false)
    mamba.normIsBeforeGate = try reader.flag("mamba_norm_before_gate", missing: true)
    mamba.hasConvolutionBias = try reader.flag("mamba_conv_bias", missing: true)
    (mamba.smallestTimeStep, mamba.largestTimeStep) = try reader.timeStepLimits()
    mamba.factors = try reader.positives("ssm_multipliers", count: 5).flatMap { $0 == [1, 1, 1, 1, 1] ? nil : $0 }
    return mamba
  }

  static func members(_ c: ModelConfiguration) -> OrderedDictionary<String, JSON> {
    var members = c.attentionMembers
    guard let parallel = c.mixer(layer: 0) as? ParallelMixers, parallel.branches.count == 2,
      let mamba = parallel.branches[0].kind as? Mamba2, let attention = parallel.branches[1].kind as? SoftmaxAttention,
      let mlp = c.feedForward(layer: 0) as? DenseFeedForward
    else { return members }
    members["embedding_multiplier"] = .number(c.embeddingFactor)
    members["lm_head_multiplier"] = .number(c.logitFactor)
    members["key_multiplier"] = .number(attention.scoreFactor ?? 1)
    members["mlp_multipliers"] = [.number(mlp.gateFactor), .number(mlp.outputFactor)]
    for (name, branch) in zip(["ssm", "attention"], parallel.branches) {
      members["\(name)_in_multiplier"] = .number(branch.inputFactor)
      members["\(name)_out_multiplier"] = .number(branch.outputFactor)
    }
    members["ssm_multipliers"] = .array((mamba.factors ?? [1, 1, 1, 1, 1]).map { .number($0) })
    members["mamba_n_heads"] = JSON(mamba.heads)
    members["mamba_d_head"] = JSON(mamba.dimension)
    members["mamba_d_ssm"] = JSON(mamba.heads * mamba.dimension)
    members["mamba_d_state"] = JSON(mamba.stateSize)
    members["mamba_n_groups"] = JSON(mamba.groups)
    members["mamba_d_conv"] = JSON(mamba.taps)
    members["mamba_conv_bias"] = .bool(mamba.hasConvolutionBias)
    members["mamba_rms_norm"] = .bool(mamba.hasNorm)
    members["mamba_norm_before_gate"] = .bool(mamba.normIsBeforeGate)
    members["mamba_proj_bias"] = false
    members["projectors_bias"] = false
    if mamba.smallestTimeStep != nil || mamba.largestTimeStep != nil {
      let largest = mamba.largestTimeStep.map { JSON.number($0) } ?? ["__float__": "Infinity"]
      members["time_step_limit"] = [.number(mamba.smallestTimeStep ?? 0), largest]
    }
    return members
  }

  static let presets: [Preset] = [
    preset(
      "falcon-h1-0.5b", vocabulary: 32_784, width: 1024, feedForward: 2048, layers: 36, heads: 8, headDimension: 64,
      mamba: Mamba2(heads: 24, dimension: 64, stateSize: 128), hasNorm: false, context: 16_384),
    preset(
      "falcon-h1-1.5b", vocabulary: 65_536, width: 2048, feedForward: 4608, layers: 24, heads: 8,
      mamba: Mamba2(heads: 48, dimension: 64, stateSize: 256), context: 131_072),
    preset(
      "falcon-h1-1.5b-deep", vocabulary: 65_536, width: 1280, feedForward: 3072, layers: 66, heads: 6,
      mamba: Mamba2(heads: 24, dimension: 64, stateSize: 256), context: 131_072),
    preset(
      "falcon-h1-3b", vocabulary: 65_536, width: 2560, feedForward: 6144, layers: 32, heads: 10,
      mamba: Mamba2(heads: 32, dimension: 128, stateSize: 256), context: 131_072),
    preset(
      "falcon-h1-7b", vocabulary: 130_048, width: 3072, feedForward: 12_288, layers: 44, heads: 12,
      mamba: Mamba2(heads: 24, dimension: 128, stateSize: 256), context: 262_144),
    preset(
      "falcon-h1-34b", vocabulary: 261_120, width: 5120, feedForward: 21_504, layers: 72, heads: 20, groups: 4,
      mamba: Mamba2(heads: 32, dimension: 128, stateSize: 256, groups: 2), context: 262_144),
  ]

  /// A published size. The multipliers are those of the smallest model, carried over to other widths.
  private static func preset(
    _ name: String, vocabulary: Int, width: Int, feedForward: Int, layers: Int, heads: Int, groups: Int = 2,
    headDimension: Int = 128, mamba: Mamba2, hasNorm: Bool = true, context: Int
  ) -> Preset {
    var c = ModelConfiguration(
      family: .falconH1, vocabularySize: vocabulary, hiddenSize: width, intermediateSize: feedForward,
      layerCount: layers, headCount: heads, keyValueHeadCount: groups, headDimension: headDimension,
      contextLength: context, ropeTheta: 1e11, normEpsilon: 1e-5, beginOfTextToken: 1, endOfTextToken: 11)
    let hidden = Double(width), root = 2.0.squareRoot()
    c.embeddingFactor = 4 * root
    c.logitFactor = 40 / hidden
    var attention = SoftmaxAttention(), mamba = mamba
    attention.scoreFactor = 409_600 / (hidden * hidden) * (64 / Double(headDimension)).squareRoot()
    mamba.hasNorm = hasNorm
    mamba.factors = [root / 4, 0.25, root / 4 * 128 / Double(mamba.stateSize), 0.5, root / 4]
    c.mixers = LayerPattern([
      ParallelMixers([
        .init(mamba, inputFactor: 1280 / hidden, outputFactor: 256 * root / Double(mamba.heads * mamba.dimension)),
        .init(attention, outputFactor: 491_520 / (hidden * Double(heads * headDimension))),
      ])
    ])
    c.feedForwards = LayerPattern([
      DenseFeedForward(gateFactor: 640 * root / hidden, outputFactor: 1_228_800 / (hidden * Double(feedForward)))
    ])
    return Preset(name, "Falcon-H1, attention and Mamba-2 side by side (arXiv:2507.22448)", c)
  }
}

extension HuggingFaceConfigurationReader {
  /// So many numbers above 0, or nil.
  func positives(_ key: String, count: Int) throws -> [Double]? {
    guard let given = value(key) else { return nil }
    let numbers = given.arrayValue?.compactMap(\.doubleValue) ?? []
    guard numbers.count == count, given.arrayValue?.count == count, numbers.allSatisfy({ $0 > 0 && $0.isFinite })
    else {
      throw error(key, "\(shown(given)) is not a list of \(count) numbers above 0")
    }
    return numbers
  }

  /// Mamba-2 of a width that the heads divide, and whose heads the groups under `groups.key` divide.
  func mamba2(heads: Int, width: Int, stateSize: Int, groups: (key: String, missing: Int)) throws -> Mamba2 {
    let count = try size(groups.key, limit: 4096, missing: groups.missing)
    guard width % heads == 0, width / heads <= 4096, heads % count == 0 else {
      throw error(groups.key, "\(count) groups must divide the \(heads) heads, and those the width \(width)")
    }
    return Mamba2(
      heads: heads, dimension: width / heads, stateSize: stateSize, groups: count,
      taps: try size("mamba_d_conv", limit: 64, missing: 4))
  }

  /// The pair under `time_step_limit`, whose parts are nil where they limit nothing; transformers writes infinity as an
  /// object.
  func timeStepLimits() throws -> (smallest: Double?, largest: Double?) {
    guard let given = value("time_step_limit") else { return (nil, nil) }
    let pair = (given.arrayValue ?? []).compactMap {
      $0["__float__"]?.stringValue == "Infinity" ? Double.infinity : $0.doubleValue
    }
    guard pair.count == 2, pair[0] >= 0, pair[0] < pair[1] else {
      throw error("time_step_limit", "\(shown(given)) is not a smallest and a larger largest time step")
    }
    return (pair[0] > 0 ? pair[0] : nil, pair[1].isFinite ? pair[1] : nil)
  }
}
