public import Formats
public import Tensors

/// A model on disk, opened but not read: a Hugging Face folder or a GGUF file.
public struct StoredModel: Sendable {
  /// The folder or file.
  public let path: String
  /// Its shape.
  public let configuration: ModelConfiguration
  /// Its weights, mapped.
  public let weights: any WeightSource
  /// The GGUF file, if it is one.
  public let gguf: GGUFFile?

  /// Opens a folder or file.
  /// - Throws: a sentence naming what is missing, damaged or not supported.
  public init(_ path: String) throws {
    self.path = path
    if StoredModel.isGGUF(path) {
      let file = try GGUFFile(path)
      gguf = file
      configuration = try ModelConfiguration(gguf: file)
      weights = try GGUFWeights(file, configuration: configuration)
    } else {
      gguf = nil
      configuration = try ModelConfiguration(huggingFace: path)
      weights = try SafetensorsWeights(directory: path, declarations: configuration.declarations())
    }
  }

  /// Finds every tensor that the configuration needs. As the files are no larger than they are, so is then the model:
  /// no memory should be asked for before.
  /// - Throws: `WeightError` when one is missing or has another shape.
  public func checkWeights() throws { try weights.check(configuration.declarations()) }

  /// Whether a path means a GGUF file rather than a folder.
  public static func isGGUF(_ path: String) -> Bool { path.hasSuffix(".gguf") && !Paths.isFolder(path) }

  /// The model with its weights in the memory of a device.
  /// - Parameter trainable: whether it has gradients.
  /// - Throws: a sentence naming file and tensor where one cannot be read.
  public func load(trainable: Bool = false, on backend: any Backend = CPUBackend()) throws -> DecoderModel {
    try checkWeights()
    let model = DecoderModel(configuration, trainable: trainable, on: backend)
    try WeightFiles.load(into: model.store, from: weights)
    return model
  }

  /// The model for generating and scoring, its weights held once: in bfloat16 and Q8_0 no float32 copy is made, the
  /// products' forms of a matrix come from the files at its first use. The results are those of ``load(trainable:)``.
  /// - Throws: a sentence naming file and tensor where one cannot be read.
  public func load(for execution: Execution) throws -> DecoderModel {
    try checkWeights()
    guard execution.compute != .float32 else {
      let model = try load(on: execution.backend)
      if execution.weightFormat == .q8 { model.store.roundToQ8(in: execution) }
      return model
    }
    let store = try ParameterStore(
      configuration.declarations(), storedIn: weights, format: execution.weightFormat, on: execution.backend)
    try WeightFiles.load(into: store, from: weights)
    return DecoderModel(configuration, store: store)
  }
}

extension ModelConfiguration {
  /// Reads the configuration of a Hugging Face folder, a `config.json`, or a GGUF file.
  /// - Throws: a sentence naming file, key and what would be right.
  public init(stored path: String) throws {
    if StoredModel.isGGUF(path) {
      try self.init(gguf: GGUFFile(path))
    } else {
      try self.init(huggingFace: path)
    }
  }
}
