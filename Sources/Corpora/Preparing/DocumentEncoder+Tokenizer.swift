public import Tokenization

extension DocumentEncoder {
  /// What preparing takes from a tokenizer. Special tokens that stand in the text stay text.
  /// - Parameter name: name or path that finds the tokenizer again, written into the token files.
  public init(_ tokenizer: Tokenizer, name: String) {
    self.init(
      name: name, vocabularySize: tokenizer.vocabularySize, endOfText: tokenizer.endOfText,
      encode: { tokenizer.encode($0) })
  }
}
