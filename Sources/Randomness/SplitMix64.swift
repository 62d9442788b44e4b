/// The mixing of SplitMix64 (Steele, Lea, Flood 2014, variant 13 of Stafford's mixers): how seeds, names and positions
/// become random words that are the same on every machine.
public enum SplitMix64 {
  /// 2^64 divided by the golden ratio, the step of the generator.
  public static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A bijection of 64-bit words whose output bits depend on all input bits; 0 stays 0.
  @inlinable
  public static func finalize(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The generator's output for the state `value`: one step, then ``finalize(_:)``.
  @inlinable
  public static func mix(_ value: UInt64) -> UInt64 { finalize(value &+ 0x9E37_79B9_7F4A_7C15) }
}
