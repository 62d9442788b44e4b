extension ModelConfiguration.Family {
  /// Qwen2 and Qwen2.5 (arXiv:2412.15115): biases on queries, keys and values.
  public static let qwen2 = Self(Qwen2Family.self)
}

enum Qwen2Family: ModelFamily {
  static let modelTypes = ["qwen2"]
  static let architecture = "Qwen2ForCausalLM"
  static let standards = HuggingFaceStandards(contextLength: 32_768)
  static let mayHaveWindow = true
  static let hasMaxWindowLayers = true
  static let mayHaveAttentionBias = false
  static let gguf: String? = "qwen2"

  static func prepare(_ c: inout ModelConfiguration) { c.queryKeyValueBias = true }
}
