import Tensors

/// Products of two thin matrices each, whose results stand side by side (LoRA, arXiv:2106.09685).
struct LowRankMatrices: Sendable {
  /// All of the first ones, one above another.
  let down: WeightMatrix
  let up: [WeightMatrix]

  /// - Parameter names: what is called `NAME.0.weight` and `NAME.1.weight`.
  init(_ store: ParameterStore, _ names: [String]) {
    down = store.weights(names.map { "\($0).0" })
    up = names.map { store.weights(["\($0).1"]) }
  }

  /// Their parameters: `rank` numbers between `columns` inputs and as many outputs as `rows` says for each.
  static func declarations(
    _ names: [String], rows: [Int], rank: Int, columns: Int, _ component: ParameterDeclaration.Component,
    _ site: LayerSite
  ) -> [ParameterDeclaration] {
    site.linear(names.map { "\($0).0" }, rows: names.map { _ in rank }, columns: columns, component, axis: nil)
      + zip(names, rows).flatMap { name, rows in
        site.linear(["\(name).1"], rows: [rows], columns: rank, component, axis: 0)
      }
  }

  func callAsFunction(_ x: Variable, on tape: inout Tape) -> Variable {
    let inner = tape.linear(x, down)
    guard up.count > 1 else { return tape.linear(inner, up[0]) }
    var parts = tape.split(inner, up.map(\.inputs))
    for (i, up) in up.enumerated() { parts[i] = tape.linear(parts[i], up) }
    return tape.concatenate(parts)
  }
}
