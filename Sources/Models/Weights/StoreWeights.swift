public import Tensors

/// The weights of a model in memory.
public struct StoreWeights: WeightSource {
  public let path = "the model in memory"
  private let store: ParameterStore

  /// The master weights of `store`.
  public init(_ store: ParameterStore) { self.store = store }

  public func shape(of name: String) -> [Int]? { store.parameter(name)?.shape }

  public func rows(of name: String) throws -> StoredRows {
    let parameter = try parameter(name)
    if let stored = parameter.stored { return stored }
    return StoredRows { rows, values in _ = parameter.master[rows: rows].read { values.update(fromContentsOf: $0.floats) } }
  }

  public func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    let parameter = try parameter(name)
    guard let stored = parameter.stored else {
      _ = parameter.master.read { values.update(fromContentsOf: $0.floats) }
      return
    }
    stored.read(0..<parameter.shape[0], into: values)
  }

  private func parameter(_ name: String) throws -> Parameter {
    guard let parameter = store.parameter(name) else {
      throw WeightError(path: path, tensor: name, problem: "is missing")
    }
    return parameter
  }
}
