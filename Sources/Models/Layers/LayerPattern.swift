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
    // How many of the last kinds up to each layer are also the first ones: in one pass, however long a file's list is.
    var borders = [0]
    for layer in all.indices.dropFirst() {
      var length = borders[layer - 1]
      while length > 0, all[layer] != all[length] { length = borders[length - 1] }
      borders.append(all[layer] == all[length] ? length + 1 : 0)
    }
    self.init(Array(kinds.dropLast(borders[borders.count - 1])))
  }

  /// The kind of layer `layer` (from 0).
  public subscript(layer: Int) -> Kind { kinds[layer % kinds.count] }

  public static func == (a: LayerPattern, b: LayerPattern) -> Bool {
    a.kinds.map { $0 as? AnyHashable } == b.kinds.map { $0 as? AnyHashable }
  }
}
