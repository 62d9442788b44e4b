extension Tokenizer {
  /// Which tokens stand in some pieces of their text: those that share at least one byte with a piece.
  ///
  /// With the pieces that a chat template marks as written by the assistant this is transformers' `assistant_masks`,
  /// with which training looks at the assistant's tokens alone.
  /// - Parameters:
  ///   - ids: the tokens of `text`.
  ///   - text: the UTF-8 that was encoded.
  ///   - pieces: byte ranges of `text`, in order and apart.
  /// - Throws: `TokenizerError` when the tokens do not spell the text, as after a normalizer changed it, so that their
  ///   places are not known.
  public func mask(_ ids: [UInt32], of text: String, in pieces: [Range<Int>]) throws(TokenizerError) -> [Bool] {
    let bytes = Array(text.utf8)
    var mask = [Bool](repeating: false, count: ids.count)
    var place = 0
    var next = 0
    for (index, id) in ids.enumerated() {
      guard let token = token(for: id), place + token.count <= bytes.count,
        bytes[place..<place + token.count].elementsEqual(token)
      else {
        throw TokenizerError(
          "token \(index)",
          "does not spell what stands at byte \(place) of its text, so the places of tokens are not known")
      }
      let end = place + token.count
      while next < pieces.count, pieces[next].upperBound <= place || pieces[next].isEmpty { next += 1 }
      mask[index] = next < pieces.count && pieces[next].lowerBound < end && place < pieces[next].upperBound
      place = end
    }
    guard place == bytes.count else {
      throw TokenizerError(
        "the tokens of a text", "end at byte \(place) of \(bytes.count), so the places of tokens are not known")
    }
    return mask
  }
}
