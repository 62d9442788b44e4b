import Models

/// Tokens that a model has read and what it remembers of them, so that a prompt that begins alike is not read again.
public struct PromptMemory: Sendable {
  /// The tokens read.
  public private(set) var tokens: [UInt32]
  private var state: DecoderState

  init(tokens: [UInt32], state: DecoderState) {
    self.tokens = tokens
    self.state = state
  }

  /// How many tokens of a prompt need not be read; the last one always is, as its logits are needed.
  public func shared(with prompt: [UInt32]) -> Int {
    let length = min(tokens.count, prompt.count - 1)
    let shared = (0..<max(length, 0)).first { tokens[$0] != prompt[$0] } ?? max(length, 0)
    return shared == tokens.count || state.canTruncate(to: shared) ? shared : 0
  }

  /// The state after what is shared with a prompt.
  func state(sharedWith prompt: [UInt32]) -> DecoderState {
    var state = state
    state.truncate(to: shared(with: prompt))
    return state
  }
}
