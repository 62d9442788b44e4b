/// Decodes tokens as they come, giving text only up to the last whole character: a token may hold a part of one.
public struct DecodeStream: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecialTokens: Bool
  private var state: DecodingState
  private var pending: [UInt8] = []

  init(tokenizer: Tokenizer, skippingSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skippingSpecialTokens = skippingSpecialTokens
    state = DecodingState(tokenizer.model)
  }

  /// Takes the next token and returns the text that is complete with it, often empty in the middle of a character.
  /// Bytes that can no longer become a character give U+FFFD.
  public mutating func append(_ id: UInt32) -> String {
    if !(skippingSpecialTokens && tokenizer.isSpecial(id)) { state.append(id, to: &pending) }
    let held = Self.incompleteTail(pending)
    let text = String(decoding: pending[..<(pending.count - held)], as: UTF8.self)
    pending.removeFirst(pending.count - held)
    return text
  }

  /// What is left at the end, U+FFFD for an unfinished character.
  public mutating func finish() -> String {
    state.finish(into: &pending)
    let text = String(decoding: pending, as: UTF8.self)
    pending = []
    return text
  }

  /// How many bytes at the end begin a well-formed sequence that is not complete: 0 to 3.
  private static func incompleteTail(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let first = bytes[bytes.count - length]
      if first & 0xc0 == 0x80 { continue }
      let needed = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1
      guard first <= 0xf4, needed > length else { return 0 }
      guard length > 1 else { return 1 }
      let second = bytes[bytes.count - length + 1]
      switch first {
      case 0xe0 where second < 0xa0, 0xed where second > 0x9f, 0xf0 where second < 0x90, 0xf4 where second > 0x8f:
        return 0
      default: return length
      }
    }
    return 0
  }
}
