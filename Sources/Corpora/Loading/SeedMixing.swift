import Randomness

/// How seeds become keys, the same on every machine and in every run.
///
/// `derive` absorbs one word after another as `state = finalize(state ^ word) + golden ratio` (`SplitMix64`), so order
/// and number of the words matter.
public enum SeedMixing {
  /// A key for one purpose.
  /// - Parameter words: what the key depends on, such as purpose, stage, source and epoch.
  public static func derive(_ seed: UInt64, _ words: UInt64...) -> UInt64 {
    var state = SplitMix64.mix(seed)
    for word in words { state = SplitMix64.finalize(state ^ word) &+ SplitMix64.golden }
    return SplitMix64.finalize(state)
  }
}
