import Models

extension RunConfiguration {
  /// The `model` section.
  public struct Model: Sendable, Equatable {
    /// Where the first weights come from.
    public enum Initialization: Sendable, Equatable {
      /// Normal numbers. Default: standard deviation 0.02, scaled by layers.
      case random(standardDeviation: Double, scaling: InitializationScaling)
      /// A folder with a Hugging Face model: continued pretraining.
      case folder(String)
    }

    /// The format that matrix products are computed in; master weights and moments are always float32.
    public enum ComputeType: String, Sendable, CaseIterable {
      case bfloat16, float32
    }

    /// `model_config`.
    public var shape: ModelShape
    /// `init_method`.
    public var initialization: Initialization
    /// `dtype`. Default bfloat16.
    public var computeType: ComputeType
    /// The vocabulary is padded to a multiple of this (`make_vocab_size_divisible_by`). Default 1.
    public var vocabularyMultiple: Int

    init(_ node: ConfigurationNode?, sequenceLength: Int, notes: inout ReadingNotes) throws(ConfigurationError) {
      let section = try notes.section(
        node, "model", known: ["model_config", "init_method", "dtype", "make_vocab_size_divisible_by"],
        withoutEffect: ["ddp_bucket_cap_mb": "25"])
      initialization = try Self.initialization(section, notes: &notes)
      computeType = try section.choice("dtype", ComputeType.self) ?? .bfloat16
      vocabularyMultiple = try section.integer("make_vocab_size_divisible_by", in: 1...1_000_000) ?? 1
      shape = try ModelShape(section["model_config"], sequenceLength: sequenceLength, notes: &notes)
      if case .random = initialization { shape.takeDefaults(sequenceLength: sequenceLength) }
    }

    private static func initialization(
      _ model: ConfigurationSection, notes: inout ReadingNotes
    ) throws(ConfigurationError) -> Initialization {
      let section = try notes.section(
        model["init_method"], model.childPath("init_method"), known: ["std", "scaling_method", "path", "use_mup"])
      if section.has("use_mup") {
        throw section.error(
          "use_mup", "nanotron's rates by outputs over inputs are not the same for AdamW at every width; apus.mup has the "
            + "maximal update parametrization, and std stays")
      }
      if let path = try section.string("path") {
        for key in ["std", "scaling_method"] where section[key] != nil {
          throw section.error(key, "the weights come from init_method.path; keep one of the two")
        }
        guard !path.isEmpty else { throw section.error("path", "the path is empty; name a folder with a model") }
        return .folder(path)
      }
      return .random(
        standardDeviation: try section.number("std", where: { $0 > 0 && $0 <= 10 }, "above 0 and at most 10") ?? 0.02,
        scaling: try scaling(section))
    }

    /// nanotron's names; the fourth, of the model's size, raises an error there too.
    private static let scalings: KeyValuePairs<String, InitializationScaling> = [
      "NUM_LAYERS": .depth, "LAYER_INDEX": .layerIndex, "NONE": .none,
    ]

    private static func scaling(_ section: ConfigurationSection) throws(ConfigurationError) -> InitializationScaling {
      guard let name = try section.choice("scaling_method", scalings.map(\.key)) else { return .depth }
      return scalings.first { $0.key == name }?.value ?? .depth
    }

    var yaml: YAMLValue {
      let method: YAMLValue
      switch initialization {
      case .random(let deviation, let scaling):
        let name = Self.scalings.first { $0.value == scaling }?.key ?? ""
        method = .mapping(["std": .double(deviation), "scaling_method": .string(name)])
      case .folder(let path): method = .mapping(["path": .string(path)])
      }
      return .mapping([
        "model_config": shape.yaml, "init_method": method, "dtype": .string(computeType.rawValue),
        "make_vocab_size_divisible_by": .int(vocabularyMultiple),
      ])
    }
  }
}
