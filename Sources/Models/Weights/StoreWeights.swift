/// The weights of a model in memory.
public struct StoreWeights: WeightSource {
  public let path = "the model in memory"
  private let store: ParameterStore

  /// The master weights of `store`.
  public init(_ store: ParameterStore) { self.store = store }

  public func shape(of name: String) -> [Int]? { store.parameter(name)?.shape }

  public func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    guard let parameter = store.parameter(name) else {
      throw WeightError(path: path, tensor: name, problem: "is missing")
    }
    _ = values.update(fromContentsOf: parameter.master.floats)
  }
}
