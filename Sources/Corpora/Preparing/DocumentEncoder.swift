/// What turning text into tokens takes from a tokenizer.
public struct DocumentEncoder: Sendable {
  /// Name or path of the tokenizer, written into token files.
  public let name: String
  /// Entries of the vocabulary, added tokens included; every token is below it.
  public let vocabularySize: Int
  /// The token put after each document, if the tokenizer has one.
  public let endOfText: UInt32?
  /// The tokens of a text's bytes. Called from many threads at once.
  public let encode: @Sendable (UnsafeBufferPointer<UInt8>) -> [UInt32]

  /// Describes a tokenizer.
  public init(
    name: String, vocabularySize: Int, endOfText: UInt32?,
    encode: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> [UInt32]
  ) {
    self.name = name
    self.vocabularySize = vocabularySize
    self.endOfText = endOfText
    self.encode = encode
  }
}
