import Formats

/// What most families say of attention in a `config.json`.
extension HuggingFaceConfigurationReader {
  /// Activation, heads, rotary embedding, window and biases as in Llama and its relatives.
  func readAttention(into c: inout ModelConfiguration) throws {
    try checkActivation(c.activation.huggingFaceName)
    try readHeads(into: &c)
    try readRope(into: &c)
    c.slidingWindow = try slidingWindow(layers: c.layerCount, noRopeInterval: c.noRopeInterval)
    try readBiases(into: &c)
  }

  /// Refuses another activation than the family's.
  func checkActivation(_ name: String) throws {
    let key = family.kind.keys.activation
    if let activation = value(key), activation.stringValue != name {
      throw error(key, "\(shown(activation)) is not supported; this family's feed-forward layer has \(name)")
    }
  }

  func readHeads(into c: inout ModelConfiguration) throws {
    let standards = family.kind.standards
    let groups = try size("num_key_value_heads", limit: 1_000_000, missing: standards.keyValueHeads ?? c.headCount)
    let width = try size("head_dim", limit: 65_536, missing: standards.headDimension ?? c.hiddenSize / c.headCount)
    guard c.headCount % groups == 0 else {
      throw error("num_key_value_heads", "\(groups) does not divide num_attention_heads \(c.headCount)")
    }
    guard width > 0, width % 2 == 0 || c.positions != .rotary else {
      throw error("head_dim", "\(width) is odd or 0; rotary embeddings need pairs")
    }
    c.keyValueHeadCount = groups
    c.headDimension = width
  }

  func readRope(into c: inout ModelConfiguration) throws {
    (c.ropeTheta, c.ropeScaling) = try rope()
    if let share = try ropeShare() { c.ropeShare = share }
  }

  func readBiases(into c: inout ModelConfiguration) throws {
    if try flag("attention_bias", missing: false) {
      guard family.kind.mayHaveAttentionBias else {
        throw error("attention_bias", "true is not supported; which projections have biases is fixed here")
      }
      c.queryKeyValueBias = true
      c.attentionOutputBias = true
    }
    if try flag("mlp_bias", missing: false) {
      guard family.kind.mayHaveFeedForwardBias else {
        throw error("mlp_bias", "true is not supported; this family's feed-forward layer has no biases")
      }
      c.feedForwardBias = true
    }
  }
}
