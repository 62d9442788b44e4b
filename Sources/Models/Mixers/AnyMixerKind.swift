/// A kind of mixer that another kind is made of.
public struct AnyMixerKind: Hashable, Sendable {
  public var kind: any MixerKind

  public init(_ kind: any MixerKind) { self.kind = kind }

  /// Reads the mapping at `path`.
  init(_ settings: inout Settings) throws {
    kind = try settings.kind((any MixerKind).self, among: MixerRegistry.kinds)
  }

  /// Refuses what its kind refuses, and a kind that asks for more than a normalised input.
  func check(_ site: LayerSite) throws {
    guard !kind.readsStream else {
      throw SettingsError(key: "mixers", problem: "'\(type(of: kind).name)' cannot be a part of another mixer")
    }
    try kind.check(site)
  }

  public static func == (a: Self, b: Self) -> Bool { AnyHashable(a.kind) == AnyHashable(b.kind) }
  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(kind)) }
}
