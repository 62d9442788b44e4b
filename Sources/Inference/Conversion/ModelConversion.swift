import Formats
public import Models
import OrderedCollections
import Tokenization

/// Turns a model into another format: Hugging Face folders and GGUF files, both ways and into themselves with another
/// type of weights. Tokenizer, chat template and what belongs to generation travel along.
public struct ModelConversion: Sendable {
  /// A file that is written.
  public struct File: Sendable, Equatable {
    /// Its name in the output folder, or the output file.
    public var name: String
    /// Its size in bytes; that of the weights in it, without its header, for safetensors.
    public var byteCount: Int
  }

  /// The folder or file that is read.
  public let input: StoredModel
  /// The folder or file that is written.
  public let output: String
  /// The type of the weights.
  public let type: WeightType
  /// The files with weights.
  public let files: [File]
  private let plan: Plan

  private enum Plan {
    case folder(SafetensorsShards)
    case file(GGUFExport)
  }

  /// Opens the input and plans the output, which is a GGUF file if its name ends in `.gguf` and else a folder.
  /// - Parameters:
  ///   - type: of the weights; `nil` takes bf16 for a folder and f16 for a GGUF file.
  ///   - shardLimit: the bytes of weights that one safetensors file may hold.
  /// - Throws: a sentence naming what is wrong with the input, or why the output cannot hold it.
  public init(
    input: String, output: String, type: WeightType? = nil, shardLimit: Int = SafetensorsShards.standardLimit
  ) throws {
    let stored = try StoredModel(ModelFolder.resolve(input))
    try stored.checkWeights()
    self.input = stored
    self.output = output
    if output.hasSuffix(".gguf") {
      self.type = type ?? .float16
      let export = try GGUFExport(
        stored.configuration, as: self.type, name: ModelConversion.name(of: stored),
        tokenizer: ModelConversion.tokenizerMetadata(of: stored))
      plan = .file(export)
      files = [File(name: output.lastPathPart, byteCount: try export.byteCount(path: output))]
    } else {
      self.type = type ?? .bfloat16
      let shards = try SafetensorsShards(stored.configuration, as: self.type, limit: shardLimit)
      plan = .folder(shards)
      files = zip(shards.names, shards.byteCounts).map { File(name: $0, byteCount: $1) }
    }
  }

  /// Writes the output, which appears when all of it is complete.
  /// - Parameters:
  ///   - replacing: whether a model that stands there gives way.
  ///   - progress: called with the bytes of weights written so far, of how many.
  /// - Throws: `InferenceError` where something stands that may not be replaced, or what reading and writing throw.
  public func run(replacing: Bool = false, progress: WeightFiles.Progress = { _, _ in }) throws {
    try ModelOutput.check(output, input: input.path, replacing: replacing)
    switch plan {
    case .file(let export): try export.write(from: input.weights, to: output, progress: progress)
    case .folder(let shards):
      // Read first: what is wrong with it should be known before the weights are written.
      let tokenizer = input.gguf == nil ? nil : try ModelFolder.tokenizer(of: input)
      let folder = try AtomicFolder(output)
      try shards.write(from: input.weights, to: folder.partialPath, progress: progress)
      if input.gguf == nil {
        try copyCompanions(to: folder.partialPath)
      } else {
        try ModelFolder.saveCompanions(
          input.configuration, tokenizer: tokenizer, to: folder.partialPath
        ).saveHuggingFaceConfiguration(folder: folder.partialPath, dtype: type.huggingFaceName)
      }
      try folder.commit(replacing: replacing)
    }
  }

  /// Copies all that stands beside the weights of a folder; `config.json` names the new type and no packing.
  private func copyCompanions(to folder: String) throws {
    for name in try Paths.names(inFolder: input.path) where ModelOutput.isCompanion(name) {
      try MappedFile(input.path.appendingPath(name)).withBytes { bytes in
        try AtomicFile.write(to: folder.appendingPath(name)) { try $0.write(UnsafeRawBufferPointer(bytes)) }
      }
    }
    var configuration = try JSON.parse(contentsOfFile: input.path.appendingPath("config.json"))
    let keys = ["dtype", "torch_dtype"].filter { configuration[$0] != nil }
    for key in keys.isEmpty ? ["torch_dtype"] : keys { configuration[key] = .string(type.huggingFaceName) }
    configuration["quantization_config"] = nil
    try AtomicFile.write(
      configuration.serializedString(pretty: true) + "\n", to: folder.appendingPath("config.json"))
  }

  private static func name(of stored: StoredModel) -> String {
    stored.gguf?.metadata["general.name"]?.stringValue ?? stored.path.lastPathPart
  }

  /// What a GGUF file says of the tokenizer: as it is where it comes from one, else made from the tokenizer's files.
  private static func tokenizerMetadata(of stored: StoredModel) throws -> OrderedDictionary<String, GGUFValue> {
    if let gguf = stored.gguf { return gguf.metadata.filter { $0.key.hasPrefix("tokenizer.") } }
    guard ModelFolder.hasTokenizer(stored.path) else { return ["tokenizer.ggml.model": .string("none")] }
    let tokenizer = try Tokenizer(directory: stored.path)
    try ModelFolder.checkVocabulary(tokenizer, stored.configuration, stored.path)
    var values = try tokenizer.ggufMetadata(
      vocabularySize: stored.configuration.vocabularySize, name: stored.path)
    for (key, token) in [
      ("tokenizer.ggml.bos_token_id", stored.configuration.beginOfTextToken),
      ("tokenizer.ggml.eos_token_id", stored.configuration.endOfTextToken),
    ] {
      if values[key] == nil, let token { values[key] = .uint32(UInt32(clamping: token)) }
    }
    return values
  }
}
