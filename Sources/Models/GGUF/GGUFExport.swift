public import Formats
public import OrderedCollections

/// A model as one GGUF file, as llama.cpp wants it: large tensors in one type, norms and biases in F32.
public struct GGUFExport: Sendable {
  /// All metadata of the file.
  public let metadata: OrderedDictionary<String, GGUFValue>
  private let tensors: [(parameter: ParameterDeclaration, layout: GGUFLayout, declaration: GGUFWriter.Declaration)]
  private let ropeFactors: [Float]?

  /// Plans the file.
  /// - Parameters:
  ///   - type: of matrices; a matrix whose rows do not divide into Q8_0's blocks of 32 becomes F16.
  ///   - name: what the model is called, `general.name`.
  ///   - tokenizer: the keys that begin with `tokenizer.`, empty for a model without one.
  /// - Throws: `WeightError` for a feature that this format has no place for.
  public init(
    _ configuration: ModelConfiguration, as type: WeightType, name: String,
    tokenizer: OrderedDictionary<String, GGUFValue>
  ) throws {
    if case .yarn? = configuration.ropeScaling {
      throw WeightError(
        path: name, tensor: GGUFRopeFactors.tensorName, problem: "YaRN's stretching is not written to GGUF files")
    }
    var metadata = try GGUFModelMetadata.values(configuration, as: type, name: name)
    metadata.merge(tokenizer) { own, _ in own }
    self.metadata = metadata
    let names = GGUFNames(configuration)
    tensors = try configuration.declarations().map { parameter in
      guard let place = names.place(of: parameter.name) else {
        throw WeightError(path: name, tensor: parameter.name, problem: "has no name in GGUF files")
      }
      return (
        parameter, place.layout,
        GGUFWriter.Declaration(
          name: place.name, type: GGUFExport.type(of: place.name, parameter.shape, wanted: type.gguf),
          shape: parameter.shape)
      )
    }
    ropeFactors = GGUFRopeFactors.factors(configuration)
  }

  /// The size of the file.
  public func byteCount(path: String) throws -> Int {
    try GGUFWriter.byteCount(metadata: metadata, tensors: declarations, path: path)
  }

  /// Writes the file, beside and renamed.
  /// - Throws: what reading a weight or writing the file throws.
  public func write(
    from source: any WeightSource, to path: String, progress: WeightFiles.Progress = { _, _ in }
  ) throws {
    let total = try byteCount(path: path)
    let writer = try GGUFWriter(path, metadata: metadata, tensors: declarations)
    do {
      var written = 0
      if let ropeFactors {
        try ropeFactors.withUnsafeBytes { try writer.append($0, to: GGUFRopeFactors.tensorName) }
      }
      let buffer = WeightBuffer(capacity: tensors.map(\.parameter.count).max() ?? 0)
      for tensor in tensors {
        let parameter = tensor.parameter
        try buffer.pass(
          parameter.name, count: parameter.count, as: tensor.declaration.type, to: path,
          fill: {
            try source.read(parameter.name, shape: parameter.shape, into: $0)
            tensor.layout.encode($0, shape: parameter.shape)
          }
        ) { bytes in
          try writer.append(bytes, to: tensor.declaration.name)
          written += bytes.count
          try progress(written, total)
        }
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }

  private var declarations: [GGUFWriter.Declaration] {
    let factors = ropeFactors.map {
      [GGUFWriter.Declaration(name: GGUFRopeFactors.tensorName, type: .float32, shape: [$0.count])]
    }
    return (factors ?? []) + tensors.map(\.declaration)
  }

  /// llama.cpp computes with vectors, norms and learned positions in F32 only.
  private static func type(of name: String, _ shape: [Int], wanted: GGUFTensorType) -> GGUFTensorType {
    if shape.count == 1 || name.hasSuffix("_norm.weight") || name.hasPrefix("position_embd.") { return .float32 }
    return (shape.last ?? 1) % wanted.blockSize == 0 ? wanted : .float16
  }
}
