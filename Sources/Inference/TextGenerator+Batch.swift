import Models
import Tensors

extension TextGenerator {
  /// Sequences that go on together, and the new tokens of one pass, at most.
  private static let widestBatch = 64
  private static let tokensOfPass = 4096
  /// Tokens that all memories of a batch may hold together.
  private static let tokensInMemory = 1 << 17

  /// The likeliest continuation of each prompt, in their order.
  ///
  /// Prompts go through the model together, each with a memory of its own; when one is done, the next takes over its
  /// memory. Texts end at an end-of-text token, after `maxTokens`, or when `isComplete` says so of their bytes.
  /// - Parameter progress: told after each finished prompt how many are done.
  /// - Throws: `InferenceError` for a prompt longer than the context, and what `progress` throws.
  public func generateGreedy(
    prompts: [String], maxTokens: Int, until isComplete: (_ bytes: [UInt8]) -> Bool = { _ in false },
    progress: (_ done: Int) throws -> Void = { _ in }
  ) throws -> [Generation] {
    try SamplingSettings.greedy(maxTokens: maxTokens).check()
    let prompts = try prompts.map { prompt in
      let tokens = try model.promptTokens(prompt)
      try model.check(prompt: tokens)
      return tokens
    }
    let context = model.configuration.contextLength
    let longest = prompts.map(\.count).max() ?? 0
    let capacity = min(context, longest + min(maxTokens, context))
    let width = max(1, min(Self.widestBatch, prompts.count, Self.tokensInMemory / max(capacity, 1)))
    var memories = DecoderState.batch(
      prompts.isEmpty ? 0 : width, model.configuration, capacity: capacity, in: model.execution)
    var running: [Running] = []
    var results = prompts.map { Generation(prompt: $0, tokens: [], text: "", reason: .maxTokens) }
    var next = 0
    var done = 0
    while done < prompts.count {
      var newTokens = running.count
      while next < prompts.count, let memory = memories.last,
        running.isEmpty || newTokens + prompts[next].count <= Self.tokensOfPass
      {
        newTokens += prompts[next].count
        memories.removeLast()
        running.append(Running(index: next, pending: prompts[next], state: memory))
        next += 1
      }
      let chosen = step(&running)
      var stillRunning: [Running] = []
      for (var sequence, token) in zip(running, chosen) {
        let i = sequence.index
        if let reason = sequence.take(token, prompt: prompts[i].count, maxTokens, model, isComplete) {
          results[i].tokens = sequence.tokens
          results[i].text = model.tokenizer.text(sequence.tokens, skippingSpecialTokens: true)
          results[i].reason = reason
          sequence.state.truncate(to: 0)
          memories.append(sequence.state)
          done += 1
          try progress(done)
        } else {
          stillRunning.append(sequence)
        }
      }
      running = stillRunning
    }
    return results
  }

  /// One sequence of a batch.
  private struct Running {
    let index: Int
    var pending: [UInt32]
    var state: DecoderState
    var tokens: [UInt32] = []
    var bytes: [UInt8] = []

    init(index: Int, pending: [UInt32], state: DecoderState) {
      self.index = index
      self.pending = pending
      self.state = state
    }

    /// Adds a token; returns why the text is over, if it is.
    mutating func take(
      _ token: UInt32, prompt: Int, _ maxTokens: Int, _ model: LanguageModel, _ isComplete: ([UInt8]) -> Bool
    ) -> Generation.EndReason? {
      let context = model.configuration.contextLength
      if tokens.count >= maxTokens { return .maxTokens }
      if prompt + tokens.count >= context { return .contextLength }
      if model.endOfTextTokens.contains(token) { return .endOfText }
      tokens.append(token)
      bytes += model.tokenizer.decode([token], skippingSpecialTokens: true)
      if isComplete(bytes) { return .stopped }
      if tokens.count == maxTokens { return .maxTokens }
      if prompt + tokens.count == context { return .contextLength }
      pending = [token]
      return nil
    }
  }

  /// Feeds what is pending of every sequence and returns the likeliest next token of each.
  private func step(_ running: inout [Running]) -> [UInt32] {
    let execution = model.execution
    var states = running.map(\.state)
    let tokens = running.map { $0.pending.map { Int32(bitPattern: $0) } }
    let hidden = model.model.step(tokens, states: &states, in: execution)
    // Only the last row of each sequence is asked for a token.
    let last = execution.tensor([running.count, hidden.columns])
    let rowBytes = hidden.columns * hidden.dtype.byteCount
    var end = 0
    for i in running.indices {
      running[i].state = states[i]
      end += tokens[i].count
      (last.pointer + i * rowBytes).copyMemory(from: hidden.pointer + (end - 1) * rowBytes, byteCount: rowBytes)
    }
    let logits = model.model.logits(last, in: execution)
    return running.indices.map { Sampler.likeliest(model.knownLogits(logits, row: $0)) }
  }
}
