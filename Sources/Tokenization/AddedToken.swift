/// A token that is found in text before anything else is done to it: special ones such as an end of text, and ordinary
/// ones that someone added to a vocabulary. Fields as in `added_tokens` of `tokenizer.json`.
public struct AddedToken: Hashable, Sendable {
  /// Its number.
  public var id: UInt32
  /// Its text.
  public var content: String
  /// Whether it is special: left out when decoding for people, and plain text unless asked for.
  public var isSpecial: Bool
  /// Found only where no word character stands next to it.
  public var singleWord: Bool
  /// Takes white space on its left with it.
  public var leftStrip: Bool
  /// Takes white space on its right with it.
  public var rightStrip: Bool
  /// Found in normalised text rather than in the original; looked for after those that are not.
  public var isNormalized: Bool

  /// An added token; a special one is not normalised unless told.
  public init(
    id: UInt32, content: String, isSpecial: Bool, singleWord: Bool = false, leftStrip: Bool = false,
    rightStrip: Bool = false, isNormalized: Bool? = nil
  ) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
    self.singleWord = singleWord
    self.leftStrip = leftStrip
    self.rightStrip = rightStrip
    self.isNormalized = isNormalized ?? !isSpecial
  }
}

/// What to do with special tokens that stand in a text.
public enum SpecialTokenHandling: Hashable, Sendable {
  /// They are text like any other, so that a document cannot end itself. Ordinary added tokens are found all the same.
  case asText
  /// They become their own number.
  case recognised
}
