public import Formats
public import Tensors

/// No feed-forward layer: a block ends with its mixer (Mamba).
public struct NoFeedForward: FeedForwardKind, FeedForwardLayer {
  public static let name = "none"
  public var settings: [String: JSON] { [:] }
  public var isNone: Bool { true }

  public init() {}
  public init(_ settings: inout Settings) throws {}
  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] { [] }
  public func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer { self }
  public func keptElements(_ site: LayerSite) -> Int { 0 }
  public func forward(_ x: Variable, on tape: inout Tape) -> Variable { x }
}
