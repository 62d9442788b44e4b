import Foundation

/// A run whose settings a law says: parameters outside embedding and head, and tokens.
public struct RunScale: Sendable, Equatable {
  public var parameters: Double
  public var tokens: Double
  /// Floating-point operations of the run.
  public var operations: Double

  /// A scale.
  /// - Parameter operations: nil: 6·N·D.
  public init(parameters: Double, tokens: Double, operations: Double? = nil) {
    self.parameters = parameters
    self.tokens = tokens
    self.operations = operations ?? 6 * parameters * tokens
  }
}

/// A fitted law of the learning rate and batch with which a run of some scale ends lowest.
public struct StepLaw: Sendable {
  public var name: String
  /// Where the fit was published.
  public var source: String
  /// Its formula as published.
  public var formula: String
  /// The best peak learning rate.
  public var learningRate: @Sendable (RunScale) -> Double
  /// The best batch, tokens; nil where the law says none.
  public var batch: (@Sendable (RunScale) -> Double)?

  /// The published fits.
  public static let published = [
    StepLaw(
      name: "DeepSeek", source: "DeepSeek LLM, arXiv:2401.02954, equation 1; AdamW, multi-step schedule",
      formula: "0.3118 C^-0.1250, 0.2920 C^0.3271", learningRate: { 0.3118 * pow($0.operations, -0.125) },
      batch: { 0.2920 * pow($0.operations, 0.3271) }),
    StepLaw(
      name: "Step law", source: "Li and others, arXiv:2503.04715; AdamW, cosine schedule",
      formula: "1.79 N^-0.713 D^0.307, 0.58 D^0.571",
      learningRate: { 1.79 * pow($0.parameters, -0.713) * pow($0.tokens, 0.307) }, batch: { 0.58 * pow($0.tokens, 0.571) }),
    StepLaw(
      name: "Kaplan", source: "Kaplan and others, arXiv:2001.08361, equation D.1; Adam, cosine schedule",
      formula: "0.003239 - 0.0001395 ln N", learningRate: { 0.003239 - 0.0001395 * log($0.parameters) }, batch: nil),
  ]
}

/// A fitted law of the critical batch: that beyond which more tokens an update cost data.
public struct CriticalBatchLaw: Sendable {
  public var name: String
  /// Where the fit was published.
  public var source: String
  /// Its formula as published, of the loss in nats a token.
  public var formula: String
  /// Tokens an update at this loss.
  public var batch: @Sendable (Double) -> Double

  /// The published fits; each belongs to its authors' tokenizer and data.
  public static let published = [
    CriticalBatchLaw(
      name: "Kaplan", source: "Kaplan and others, arXiv:2001.08361, equation 1.4; WebText2",
      formula: "2e8 / L^(1/0.21)", batch: { 2e8 / pow($0, 1 / 0.21) }),
    CriticalBatchLaw(
      name: "MiniCPM", source: "Hu and others, arXiv:2404.06395, section 3.2; C4", formula: "1.21e9 / L^6.24",
      batch: { 1.21e9 / pow($0, 6.24) }),
  ]
}
