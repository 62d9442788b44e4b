/// Under which names the files of a checkpoint hold parameters.
///
/// Published checkpoints differ in what stands before a name: the bare network without its head has nothing there, and
/// in a model with vision the language model is a part.
struct StoredNames {
  private let base: String
  private let stored: String

  /// - Parameters:
  ///   - first: A parameter that every checkpoint holds, such as `model.embed_tokens.weight`.
  ///   - exists: Whether the files hold a tensor of this name.
  init(first: String, exists: (String) -> Bool) {
    base = first.prefix { $0 != "." } + "."
    let rest = first.dropFirst(base.count)
    let known = [base, "", "language_model.model.", "model.language_model."]
    stored = known.first { exists($0 + rest) } ?? base
  }

  /// The stored name of a parameter.
  func callAsFunction(_ name: String) -> String {
    if name.hasPrefix(base) { return stored + name.dropFirst(base.count) }
    return stored == "language_model.model." ? "language_model." + name : name
  }
}
