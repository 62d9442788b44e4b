/// A tensor of a checkpoint and the parameters that it holds: one, or those that share it.
public struct StoredTensor: Sendable {
  /// Its name.
  public let name: String
  /// Its shape.
  public let shape: [Int]
  /// What it holds.
  public private(set) var parts: [ParameterDeclaration]

  /// The tensors that hold a model's parameters, in the order of the first of each.
  public static func all(_ declarations: [ParameterDeclaration]) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    var numbers: [String: Int] = [:]
    for declaration in declarations {
      let name = declaration.stored?.tensor ?? declaration.name
      if let number = numbers[name] {
        tensors[number].parts.append(declaration)
      } else {
        numbers[name] = tensors.count
        tensors.append(StoredTensor(name: name, shape: declaration.storedShape, parts: [declaration]))
      }
    }
    return tensors
  }

  /// The type that it is saved in where others are `type`: a bias that balances moves by steps too small for 16 bits.
  func type(_ type: WeightType) -> WeightType { parts.allSatisfy(\.isOptimized) ? type : .float32 }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }

  /// Fills `values` with the tensor, whose parts `read` gives in their own shapes.
  public func fill(
    _ values: UnsafeMutableBufferPointer<Float>,
    read: (ParameterDeclaration, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    for part in parts {
      guard let place = part.stored else {
        try read(part, values)
        continue
      }
      let own = UnsafeMutableBufferPointer<Float>.allocate(capacity: part.count)
      defer { own.deallocate() }
      try read(part, own)
      place.scatter(UnsafeBufferPointer(own), rows: part.shape[0], into: values)
    }
  }
}
