extension StoredPlace {
  /// Where a parameter of an expert stands in families whose checkpoints hold the experts of a layer in two tensors, with
  /// inputs as rows: `gate_up_proj` `[experts, inputs, outputs]` and `down_proj`, and their biases; nil for others.
  /// - Parameter takingTurns: whether gate and up take turns; else they stand one after the other.
  static func fusedExpert(
    _ parameter: ParameterDeclaration, in c: ModelConfiguration, takingTurns: Bool
  ) -> StoredPlace? {
    // model.layers.LAYER.mlp.experts.NUMBER.gate_proj.weight
    let parts = parameter.name.split(separator: ".")
    guard parts.count == 8, parts[4] == "experts", let layer = Int(parts[2]), let number = Int(parts[5]),
      let count = (c.feedForward(layer: layer) as? ExpertsFeedForward)?.router.experts
    else { return nil }
    let isDown = parts[6] == "down_proj", width = parameter.shape[0]
    let outputs = isDown ? width : 2 * width, inputs = parts[7] == "bias" ? [] : [parameter.shape[1]]
    let up = parts[6] == "up_proj" ? (takingTurns ? 1 : width) : 0
    return StoredPlace(
      tensor: parts[..<5].joined(separator: ".") + (isDown ? ".down_proj" : ".gate_up_proj")
        + (inputs.isEmpty ? "_bias" : ""),
      shape: [count] + inputs + [outputs], first: number * (inputs.first ?? 1) * outputs + up,
      rowStride: isDown || !takingTurns ? 1 : 2, columnStride: outputs)
  }
}
