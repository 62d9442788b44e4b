extension ModelConfiguration {
  /// Which published family's names and `config.json` a saved model carries.
  public struct Family: RawRepresentable, Hashable, Sendable, CaseIterable {
    /// What the family is.
    let kind: any ModelFamily.Type

    init(_ kind: any ModelFamily.Type) { self.kind = kind }

    /// The families that can be read and written, one line each.
    public static let allCases: [Family] = [
      .llama, .qwen2, .qwen3, .smollm3, .olmo2, .gpt2, .gemma2, .gemma3,
      .mixtral, .qwen3MoE, .qwen3Next, .miniMax, .llama4, .deepseekV3, .gptOSS,
      .falconH1, .zamba2,
      .apus,
    ]

    /// The family of a `model_type`.
    public init?(rawValue: String) {
      guard let family = Self.allCases.first(where: { $0.kind.modelTypes.contains(rawValue) }) else { return nil }
      self = family
    }

    /// Its `model_type`.
    public var rawValue: String { kind.modelTypes[0] }
  }
}
