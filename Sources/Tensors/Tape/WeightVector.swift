/// The bias of a linear layer, `[outputs]`: one parameter, or those of several that are multiplied as one
/// (``WeightMatrix``), which lie one after another in memory.
public struct WeightVector: Sendable {
  /// float32 `[outputs]` over all parameters.
  public let master: Tensor
  /// float32 `[outputs]`, or nil where the parameters are frozen.
  public let gradient: Tensor?

  /// Joins parameters that are neighbours in memory.
  public init(_ parameters: [Parameter]) {
    precondition(!parameters.isEmpty, "at least one parameter")
    var end = parameters[0].master.byteOffset
    for parameter in parameters {
      precondition(parameter.master.byteOffset == end, "fused parameters are neighbours")
      end += parameter.count * 4
    }
    let count = parameters.reduce(0) { $0 + $1.count }
    func whole(_ first: Tensor) -> Tensor {
      Tensor(storage: first.storage, byteOffset: first.byteOffset, shape: [count], dtype: .float32)
    }
    master = whole(parameters[0].master)
    gradient = parameters[0].gradient.map(whole)
  }
}
