import Formats

/// Llama 3's stretched frequencies as a GGUF file holds them: a tensor of what each is divided by. Which rule made them
/// the file does not say, unless we wrote it.
enum GGUFRopeFactors {
  /// The tensor's name.
  static let tensorName = "rope_freqs.weight"

  private static let factorKey = "apus.rope.factor"
  private static let lowKey = "apus.rope.low_freq_factor"
  private static let highKey = "apus.rope.high_freq_factor"
  private static let contextKey = "apus.rope.original_context_length"

  /// What the frequencies of this configuration are divided by; nil where no tensor is needed.
  static func factors(_ configuration: ModelConfiguration) -> [Float]? {
    guard case .llama3? = configuration.ropeScaling else { return nil }
    var plain = configuration
    plain.ropeScaling = nil
    return zip(RotaryTable.frequencies(plain), RotaryTable.frequencies(configuration)).map { Float($0 / $1) }
  }

  /// The rule's metadata for a file of our own.
  static func metadata(_ configuration: ModelConfiguration) -> [(String, GGUFValue)] {
    guard case .llama3(let factor, let low, let high, let context)? = configuration.ropeScaling else { return [] }
    return [
      (factorKey, .float64(factor)), (lowKey, .float64(low)), (highKey, .float64(high)),
      (contextKey, .uint64(UInt64(context))),
    ]
  }

  /// The rule, as `config.json` has it, that the factors in a file seem to follow: with the bounds of the published
  /// models where the file does not say.
  static func rule(in file: GGUFFile) throws -> JSON? {
    guard let values = try values(in: file) else { return nil }
    return [
      "rope_type": "llama3",
      "factor": .number(file.metadata[factorKey]?.doubleValue ?? Double(values.max() ?? 1)),
      "low_freq_factor": .number(file.metadata[lowKey]?.doubleValue ?? 1),
      "high_freq_factor": .number(file.metadata[highKey]?.doubleValue ?? 4),
      "original_max_position_embeddings": .integer(Int64(file.metadata[contextKey]?.intValue ?? 8192)),
    ]
  }

  /// Holds the factors in a file to those that follow from its configuration.
  /// - Throws: `GGUFError` where they differ.
  static func check(_ configuration: ModelConfiguration, _ file: GGUFFile) throws {
    guard let values = try values(in: file) else { return }
    let expected = factors(configuration) ?? []
    guard values.count == expected.count, zip(values, expected).allSatisfy({ abs($0 - $1) <= 1e-4 * $1 }) else {
      throw GGUFError(
        path: file.path, .tensor(tensorName), problem: "does not follow Llama 3's rule; no other is known here")
    }
  }

  private static func values(in file: GGUFFile) throws -> [Float]? {
    guard let tensor = file.tensors[tensorName] else { return nil }
    guard tensor.shape.count == 1, tensor.count <= 1 << 16 else {
      throw GGUFError(
        path: file.path, .tensor(tensorName), problem: "has shape \(tensor.shape); half a head's width is needed")
    }
    var values = [Float](repeating: 0, count: tensor.count)
    values.withUnsafeMutableBufferPointer { values in
      withExtendedLifetime(file) { tensor.type.decode(file.bytes(of: tensor), into: values) }
    }
    return values
  }
}
