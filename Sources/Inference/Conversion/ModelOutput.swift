import Formats

/// Whether a path may take a converted model.
enum ModelOutput {
  /// - Throws: `InferenceError` where something stands that may not, or must not, be replaced.
  static func check(_ path: String, input: String, replacing: Bool) throws {
    guard Paths.exists(path) else { return }
    guard !Paths.isSame(path, input) else {
      throw InferenceError(path, "is the input too; name another output")
    }
    let isFile = path.hasSuffix(".gguf")
    guard Paths.isFolder(path) != isFile else {
      throw InferenceError(
        path, isFile ? "is a folder; name a file for GGUF" : "is a file; name a folder, or a file that ends in .gguf")
    }
    if !isFile {
      let names = try Paths.names(inFolder: path)
      if names.isEmpty { return try Paths.remove(path) }
      // Replacing removes the whole folder, so nothing but a model may stand in it.
      if let other = names.first(where: { !isCompanion($0) && !isWeights($0) && $0 != "config.json" }) {
        throw InferenceError(path, "holds other files such as \(other); name a new or empty folder for the output")
      }
    }
    guard replacing else {
      throw InferenceError(path, "stands there already; name another output, or allow it to be replaced (--force)")
    }
  }

  /// Files of a model's folder that are neither weights nor `config.json`.
  static func isCompanion(_ name: String) -> Bool {
    let known: Set = [
      "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
      "added_tokens.json", "vocab.json", "merges.txt", "tokenizer.model", "tekken.json", "chat_template.jinja",
      "chat_template.json", "preprocessor_config.json",
    ]
    return known.contains(name) || name.hasPrefix("README") || name.hasPrefix("LICENSE") || name.hasPrefix("NOTICE")
  }

  private static func isWeights(_ name: String) -> Bool {
    name.hasPrefix("model") && (name.hasSuffix(".safetensors") || name == "model.safetensors.index.json")
  }
}
