import Synchronization

/// Encoders that wait between calls of `Tokenizer.encode`, so that short texts do not pay for a new one each.
final class EncoderPool: Sendable {
  // An encoder belongs to the thread that took it out, so moving it across threads is safe.
  private struct Idle: @unchecked Sendable {
    var encoders: [Encoder] = []
  }

  private let idle = Mutex(Idle())

  /// Runs something with an encoder that nobody else has.
  func withEncoder<R>(_ model: TokenizerModel, _ body: (Encoder) -> R) -> R {
    let taken = idle.withLock { $0.encoders.popLast().map(Loan.init) }
    let encoder = taken?.encoder ?? Encoder(model: model)
    let result = body(encoder)
    let loan = Loan(encoder: encoder)
    idle.withLock { if $0.encoders.count < 16 { $0.encoders.append(loan.encoder) } }
    return result
  }

  private struct Loan: @unchecked Sendable {
    let encoder: Encoder
  }
}
