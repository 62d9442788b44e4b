/// Kinds by layer: a list that is repeated over the layers of a model.
public struct LayerPattern<Kind: Sendable>: Sendable, Equatable {
  /// At least one.
  public let kinds: [Kind]

  /// A pattern of at least one kind.
  public init(_ kinds: [Kind]) {
    precondition(!kinds.isEmpty, "at least one kind")
    self.kinds = kinds
  }

  /// The shortest pattern of these kinds, one for each of at least one layer.
  public init(byLayer kinds: [Kind]) {
    let all = kinds.map { $0 as? AnyHashable }
    let length = (1...kinds.count).first { length in all.indices.allSatisfy { all[$0] == all[$0 % length] } }
    self.init(Array(kinds.prefix(length ?? kinds.count)))
  }

  /// The kind of layer `layer` (from 0).
  public subscript(layer: Int) -> Kind { kinds[layer % kinds.count] }

  public static func == (a: LayerPattern, b: LayerPattern) -> Bool {
    a.kinds.map { $0 as? AnyHashable } == b.kinds.map { $0 as? AnyHashable }
  }
}
