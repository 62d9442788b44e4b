import Formats
import Models
import Tensors
import Tokenization

/// A complete Hugging Face folder: what other tools load.
public enum ModelFolder {
  /// Writes configuration, weights and tokenizer into `directory`, which must exist.
  public static func save(
    _ model: DecoderModel, tokenizer: Tokenizer?, dtype: DType = .bfloat16, to directory: String
  ) throws {
    let configuration = model.configuration.huggingFaceJSON(dtype: dtype.rawValue)
    try AtomicFile.write(configuration.serialized(pretty: true), to: directory.appendingPath("config.json"))
    var generation: JSON = .object([:])
    if let token = model.configuration.beginOfTextToken { generation["bos_token_id"] = .integer(Int64(token)) }
    if let token = model.configuration.endOfTextToken { generation["eos_token_id"] = .integer(Int64(token)) }
    try AtomicFile.write(
      generation.serialized(pretty: true), to: directory.appendingPath("generation_config.json"))
    try tokenizer?.save(directory: directory)
    try WeightFiles.save(model.store, as: dtype, to: directory.appendingPath("model.safetensors"))
  }
}
