/// What a card does at best by its maker's data sheet.
public struct CardPeak: Sendable, Equatable {
  /// Floating-point operations a second of dense products with bfloat16 operands and float32 sums.
  public let bfloat16: Double
  /// Bytes a second that its memory moves.
  public let bytesPerSecond: Double

  /// The peak of a card that the driver calls `name`; nil for one that is not known here: nothing is guessed.
  public static func named(_ name: String) -> CardPeak? {
    known[name.hasPrefix("NVIDIA ") ? String(name.dropFirst(7)) : name]
  }

  private init(_ tera: Double, _ terabytes: Double) { (bfloat16, bytesPerSecond) = (tera * 1e12, terabytes * 1e12) }

  /// From NVIDIA's data sheets, without sparsity; GeForce cards with float32 sums.
  private static let known: [String: CardPeak] = [
    "A10": CardPeak(125, 0.6),
    "A30": CardPeak(165, 0.933),
    "A40": CardPeak(149.7, 0.696),
    "A100-SXM4-40GB": CardPeak(312, 1.555),
    "A100-PCIE-40GB": CardPeak(312, 1.555),
    "A100-SXM4-80GB": CardPeak(312, 2.039),
    "A100 80GB PCIe": CardPeak(312, 1.935),
    "B200": CardPeak(2250, 8),
    "GH200 480GB": CardPeak(989.4, 4),
    "GeForce RTX 3090": CardPeak(71, 0.936),
    "GeForce RTX 4090": CardPeak(165.2, 1.008),
    "GeForce RTX 5090": CardPeak(209.5, 1.792),
    "H100 80GB HBM3": CardPeak(989.4, 3.35),
    "H100 NVL": CardPeak(835.5, 3.9),
    "H100 PCIe": CardPeak(756, 2),
    "H200": CardPeak(989.4, 4.8),
    "H200 NVL": CardPeak(835.5, 4.8),
    "L4": CardPeak(121, 0.3),
    "L40": CardPeak(181.05, 0.864),
    "L40S": CardPeak(362.05, 0.864),
    "RTX 6000 Ada Generation": CardPeak(364.2, 0.96),
    "RTX A6000": CardPeak(154.8, 0.768),
  ]
}
