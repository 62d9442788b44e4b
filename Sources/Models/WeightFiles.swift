import Formats
public import Tensors

/// Reading and writing a model's weights under their Hugging Face names.
public enum WeightFiles {
  /// What happens while weights are written: called with the bytes written so far, of how many.
  public typealias Progress = (_ written: Int, _ total: Int) throws -> Void

  /// Loads every parameter of `store` from `model.safetensors` or the shards of `model.safetensors.index.json` in
  /// `directory`; F32, BF16 and F16 are widened.
  /// - Throws: a sentence naming file and tensor when one is missing, has another shape, or the file is damaged.
  public static func load(into store: ParameterStore, directory: String) throws {
    try load(into: store, from: SafetensorsWeights(directory: directory, declarations: store.declarations))
  }

  /// Loads every parameter of `store` that has master weights, but those of the names `new`, which keep what they hold.
  /// - Throws: a sentence naming file and tensor when one is missing, has another shape, or the file is damaged.
  public static func load(
    into store: ParameterStore, from source: any WeightSource, exceptFor new: Set<String> = []
  ) throws {
    for parameter in store.parameters where parameter.stored == nil && !new.contains(parameter.name) {
      try parameter.master.write { try source.read(parameter.name, shape: parameter.shape, into: $0.floats) }
    }
    store.version.advance()
  }

  /// Writes every parameter to one safetensors file, beside and renamed.
  public static func save(_ store: ParameterStore, as dtype: DType, to path: String) throws {
    let file = SafetensorsShards.File(path: path, tensors: StoredTensor.all(store.declarations))
    try SafetensorsShards.write(
      file, from: StoreWeights(store), as: dtype == .bfloat16 ? .bfloat16 : .float32, progress: { _ in })
  }
}
