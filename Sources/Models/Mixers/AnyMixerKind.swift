/// A kind of mixer that another kind is made of.
public struct AnyMixerKind: Hashable, Sendable {
  public var kind: any MixerKind

  public init(_ kind: any MixerKind) { self.kind = kind }

  /// Reads the mapping at `path`.
  init(_ settings: inout Settings) throws {
    kind = try settings.kind((any MixerKind).self, among: MixerRegistry.kinds)
  }

  public static func == (a: Self, b: Self) -> Bool { AnyHashable(a.kind) == AnyHashable(b.kind) }
  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(kind)) }
}
