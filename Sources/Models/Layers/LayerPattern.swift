/// Kinds by layer: a list that is repeated over the layers of a model.
public struct LayerPattern<Kind: Sendable>: Sendable, Equatable {
  /// At least one.
  public let kinds: [Kind]

  /// A pattern of at least one kind.
  public init(_ kinds: [Kind]) {
    precondition(!kinds.isEmpty, "at least one kind")
    self.kinds = kinds
  }

  /// The kind of layer `layer` (from 0).
  public subscript(layer: Int) -> Kind { kinds[layer % kinds.count] }

  public static func == (a: LayerPattern, b: LayerPattern) -> Bool {
    a.kinds.map { $0 as? AnyHashable } == b.kinds.map { $0 as? AnyHashable }
  }
}
