/// How seeds become keys, the same on every machine and in every run.
///
/// `mix` is the finalizer of SplitMix64 (Steele, Lea, Flood 2014, variant 13 of Stafford's mixers); `derive` absorbs
/// one word after another as `state = mix(state ^ word) + golden ratio`, so order and number of the words matter.
public enum SeedMixing {
  static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// A bijection of 64-bit words whose output bits depend on all input bits.
  @inlinable
  public static func mix(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A key for one purpose.
  /// - Parameter words: what the key depends on, such as purpose, stage, source and epoch.
  public static func derive(_ seed: UInt64, _ words: UInt64...) -> UInt64 {
    var state = mix(seed &+ golden)
    for word in words { state = mix(state ^ word) &+ golden }
    return mix(state)
  }
}
