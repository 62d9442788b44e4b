import Yams

/// A configuration as dotted keys and values.
struct FlatConfiguration {
  /// In the order of the file; at most ten thousand.
  private(set) var entries: [(key: String, value: String)] = []

  /// Flattens YAML; a text that is none has no entries.
  init(yaml: String) {
    guard let root = try? Yams.compose(yaml: yaml) else { return }
    add(root, path: "")
  }

  /// The value of a key.
  subscript(key: String) -> String? { entries.first { $0.key == key }?.value }

  private mutating func add(_ node: Node, path: String) {
    guard entries.count < 10_000 else { return }
    switch node {
    case .scalar(let scalar): entries.append((path, scalar.string))
    case .mapping(let mapping):
      for (key, value) in mapping {
        let name = key.string ?? "?"
        add(value, path: path.isEmpty ? name : "\(path).\(name)")
      }
    case .sequence(let sequence):
      if !sequence.contains(where: { $0.scalar == nil }) {
        entries.append((path, sequence.map { $0.string ?? "" }.joined(separator: ", ")))
        return
      }
      for (index, item) in sequence.enumerated() { add(item, path: "\(path).\(index)") }
    case .alias: entries.append((path, ""))
    }
  }
}
