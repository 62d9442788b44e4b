import Tensors
import TestSupport

/// Parameters in flat buffers as a model's are: neighbours in the order in which they are made.
///
/// Gradients begin at values other than zero, because an operation adds to them.
final class TestWeights {
  let arena = Arena()
  let version = WeightVersion()
  private(set) var parameters: [Parameter] = []
  private let master: Tensor
  private let gradient: Tensor
  private let initialGradient: [Float]
  private var used = 0

  init(capacity: Int = 1 << 17, random: inout TestRandom) {
    master = Tensor(Array(repeating: 0, count: capacity), shape: [capacity], in: arena)
    initialGradient = random.normals(capacity, scale: 0.1)
    gradient = Tensor(initialGradient, shape: [capacity], in: arena)
  }

  /// A parameter with the given values.
  func parameter(_ values: [Float], _ shape: [Int]) -> Parameter {
    precondition(values.count == shape.reduce(1, *) && used + values.count <= master.count, "room for a parameter")
    func view(_ flat: Tensor) -> Tensor {
      Tensor(storage: flat.storage, byteOffset: used * 4, shape: shape, dtype: .float32)
    }
    let parameter = Parameter(name: "parameter \(parameters.count)", master: view(master), gradient: view(gradient))
    for (i, value) in values.enumerated() { parameter.master.floats[i] = value }
    used += values.count
    parameters.append(parameter)
    return parameter
  }

  /// Matrices `[outputs, inputs]` that are multiplied as one.
  func matrix(_ outputs: [Int], _ inputs: Int, scale: Float, _ random: inout TestRandom) -> WeightMatrix {
    let parts = outputs.map { rows in
      // Numbers that bf16 holds, so that bf16 and float32 products multiply the same.
      parameter(random.normals(rows * inputs, scale: scale).map { BFloat16.float(BFloat16.bits($0)) }, [rows, inputs])
    }
    return WeightMatrix(parts, version: version, arena: arena)
  }

  func resetGradients() {
    for (i, value) in initialGradient.enumerated() { gradient.floats[i] = value }
  }

  /// What was added to a parameter's gradient since the last reset.
  func added(to parameter: Parameter) -> [Double] {
    guard let gradient = parameter.gradient else { return [] }
    let first = gradient.byteOffset / 4
    return gradient.floats.enumerated().map { Double($1) - Double(initialGradient[first + $0]) }
  }

  /// The bytes of all gradients.
  var gradientBits: [UInt32] { gradient.floats[0..<used].map(\.bitPattern) }
}
