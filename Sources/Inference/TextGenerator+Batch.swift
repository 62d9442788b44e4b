extension TextGenerator {
  /// The likeliest continuation of each prompt, in their order.
  ///
  /// Texts end at an end-of-text token, after `maxTokens`, or when `isComplete` says so of their bytes
  /// up to the last whole character.
  /// - Parameter progress: told after each finished prompt how many are done.
  /// - Throws: `InferenceError` for a prompt longer than the context, and what `progress` throws.
  public func generateGreedy(
    prompts: [String], maxTokens: Int, until isComplete: (_ bytes: [UInt8]) -> Bool = { _ in false },
    progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> [Generation] {
    let settings = SamplingSettings.greedy(maxTokens: maxTokens)
    try settings.check()
    let requests = try prompts.map { GenerationRequest(try model.promptTokens($0), settings: settings) }
    var bytes = [[UInt8]](repeating: [], count: prompts.count)
    var done = 0
    return try generate(requests) { piece in
      if piece.generation != nil {
        bytes[piece.request] = []
        done += 1
        try progress(done)
        return true
      }
      bytes[piece.request] += piece.text.utf8
      return !isComplete(bytes[piece.request])
    }.map { $0[0] }
  }
}
