public import Models
public import Tensors

/// How fast a model reads a prompt and writes after it, beside what memory allows.
public struct GenerationRates: Sendable, Equatable {
  /// Tokens of a prompt that are read a second.
  public var promptTokensPerSecond: Double
  /// Tokens that are written a second, one after another.
  public var writtenTokensPerSecond: Double
  /// Bytes a second of a streaming read of 1 GiB by all threads.
  public var readBytesPerSecond: Double
  /// Bytes of weights that each written token reads.
  public var bytesPerToken: Double

  /// Tokens a second if reading the weights were all there is to do.
  public var boundTokensPerSecond: Double { readBytesPerSecond / bytesPerToken }

  /// Measures in turns and takes medians.
  /// - Parameters:
  ///   - promptTokens: tokens of the prompt, at least 1.
  ///   - tokens: tokens that are written after it, at least 1.
  ///   - rounds: how often, at least 1; one round before them is not counted.
  public static func measure(
    _ model: DecoderModel, in execution: Execution, promptTokens: Int, tokens: Int, rounds: Int
  ) -> GenerationRates {
    let clock = ContinuousClock()
    let random = Philox(seed: 1, purpose: "generation rates")
    let size = Float(model.configuration.vocabularySize)
    let ids = (0..<promptTokens + tokens).map { Int32(random.uniform(UInt64($0)) * size) }
    let block = Tensor([1 << 28], .float32, in: execution.backend.makeArena())
    execution.backend.fillZero(block)
    var state = DecoderState(model.configuration, capacity: promptTokens + tokens, in: execution)
    var prompt: [Double] = []
    var written: [Double] = []
    var read: [Double] = []
    for round in 0...rounds {
      state.truncate(to: 0)
      let times = [
        clock.measure {
          let hidden = model.step(Array(ids[..<promptTokens]), state: &state, in: execution)
          _ = model.logits(hidden[rows: promptTokens - 1..<promptTokens], in: execution)
          execution.backend.synchronize()
        },
        clock.measure {
          for id in ids[promptTokens...] {
            _ = model.logits(model.step([id], state: &state, in: execution), in: execution)
            execution.backend.synchronize()
          }
        },
        clock.measure { _ = execution.backend.sumOfSquares(block) },
      ].map { $0 / .seconds(1) }
      guard round > 0 else { continue }
      prompt.append(times[0])
      written.append(times[1])
      read.append(times[2])
    }
    func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
    // The embedding is looked up, not read; where it is tied, the head reads it.
    let c = model.configuration
    let weights = model.store.count - (c.tiedEmbeddings ? 0 : c.vocabularySize * c.hiddenSize)
    let bytesPerWeight = execution.weightFormat == .q8 ? 34.0 / 32 : Double(execution.compute.byteCount)
    return GenerationRates(
      promptTokensPerSecond: Double(promptTokens) / median(prompt),
      writtenTokensPerSecond: Double(tokens) / median(written),
      readBytesPerSecond: Double(block.count * 4) / median(read),
      bytesPerToken: Double(weights) * bytesPerWeight)
  }
}
