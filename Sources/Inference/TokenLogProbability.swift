import Foundation

/// How likely a model held a token to be, before temperature, penalties and the other settings of sampling: the natural
/// log of its softmax over the model's whole vocabulary.
public struct TokenLogProbability: Sendable, Equatable {
  /// A token that might have stood there.
  public struct Alternative: Sendable, Equatable {
    public var token: UInt32
    public var logProbability: Double
  }

  /// The token.
  public var token: UInt32
  /// The natural log of its probability.
  public var logProbability: Double
  /// The likeliest tokens, the likeliest first, as many as were asked for; the token itself may be among them.
  public var alternatives: [Alternative]

  /// Reads them from logits `[vocabulary]`; `token` is one of theirs.
  init(_ token: UInt32, _ logits: UnsafeBufferPointer<Float>, alternatives count: Int) {
    let largest = logits.reduce(-Float.infinity) { max($0, $1) }
    let sum = logits.reduce(0.0) { $0 + exp(Double($1 - largest)) }
    let logSumExp = Double(largest) + log(sum)
    func logProbability(_ id: Int) -> Double { Double(logits[id]) - logSumExp }
    self.token = token
    self.logProbability = logProbability(Int(token))
    alternatives = Self.likeliest(logits, count).map {
      Alternative(token: UInt32($0), logProbability: logProbability($0))
    }
  }

  /// Numbers of the `count` largest logits from the largest down, the lower number first among equals.
  private static func likeliest(_ logits: UnsafeBufferPointer<Float>, _ count: Int) -> [Int] {
    let count = min(count, logits.count)
    guard count > 0 else { return [] }
    let threshold = KthLargest.value(logits, count)
    let ids = logits.indices.filter { logits[$0] >= threshold }.sorted { (logits[$1], $0) < (logits[$0], $1) }
    return Array(ids.prefix(count))
  }
}
