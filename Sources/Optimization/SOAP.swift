import Foundation
public import Models
import Tensors

/// SOAP (Vyas and others, arXiv:2409.11321, algorithm 3): AdamW in the eigenbasis of Shampoo's preconditioners, which
/// one step of a power iteration follows every few updates.
///
/// The first gradient only makes the basis. A side of a matrix longer than ``largestSide`` has none (embeddings), and
/// vectors are updated by AdamW. The first basis takes `9 n³` operations a side on one thread.
public struct SOAP: UpdateRule {
  public static let name = "soap"
  public static let unit = UpdateUnit.matrix
  public static let settings: [RuleSetting<SOAP>] = [
    .init("beta1", .number(\.beta1, .decay)), .init("beta2", .number(\.beta2, .decay)),
    .init("eps", .number(\.epsilon, .positive)), .init("precondition_frequency", .integer(\.frequency, 1...1_000_000)),
    .init("max_precondition_dim", .integer(\.largestSide, 1...16_384)),
  ]

  public var beta1 = 0.95
  /// Of the second moment and of the preconditioners.
  public var beta2 = 0.95
  public var epsilon = 1e-8
  /// Updates between two changes of the basis.
  public var frequency = 10
  /// Longest side that has a basis.
  public var largestSide = 2048

  public init() {}

  public func assignment(of parameter: ParameterDeclaration) -> RuleAssignment {
    RuleAssignment(parameter.holdsMatrices ? self : AdamW(beta1: beta1, beta2: beta2, epsilon: epsilon))
  }

  public func state(shape: [Int]) -> [StateDeclaration] {
    var list = ["exp_avg", "exp_avg_sq"].map { StateDeclaration($0, shape: shape) }
    for (name, side) in zip(["row", "column"], shape) where side <= largestSide {
      list.append(StateDeclaration("\(name)_gram", shape: [side, side]))
      list.append(StateDeclaration("\(name)_basis", shape: [side, side]))
    }
    return list
  }

  public func update(_ piece: UpdatePiece, at step: UpdateStep) {
    let execution = step.execution
    let backend = execution.backend
    let shape = piece.weight.shape
    let gradient = Tensor(shape, .float32, in: execution.arena)
    backend.combine(Float(step.gradientScale), piece.gradient, 0, nil, into: gradient)
    let (rows, columns) = sides(piece)
    guard step.number > 1 else {
      for side in [rows, columns].compactMap({ $0 }) {
        side.add(gradient, beta: beta2, in: execution)
        side.begin(in: execution)
      }
      return
    }
    let (first, second) = (piece.state[0], piece.state[1])
    backend.combine(Float(beta1), first, Float(1 - beta1), gradient, into: first)
    let turned = Self.turn(gradient, rows, columns, in: execution)
    let moment = Self.turn(first, rows, columns, in: execution)
    let number = Double(step.number - 1)
    backend.precondition(
      gradient: turned, firstMoment: moment, secondMoment: second, output: moment, beta2: Float(beta2),
      corrections: (Float(1 - pow(beta1, number)), Float(1 - pow(beta2, number))), epsilon: Float(epsilon))
    let update = Self.turn(moment, rows, columns, back: true, in: execution)
    backend.combine(
      Float(1 - step.learningRate * step.weightDecay), piece.weight, Float(-step.learningRate), update,
      into: piece.weight)
    for side in [rows, columns].compactMap({ $0 }) {
      side.add(gradient, beta: beta2, in: execution)
      if (step.number - 1) % frequency == 0 { side.follow(second, in: execution) }
    }
  }

  private func sides(_ piece: UpdatePiece) -> (rows: PreconditionerSide?, columns: PreconditionerSide?) {
    var next = 2
    let sides = piece.weight.shape.enumerated().map { index, side -> PreconditionerSide? in
      guard side <= largestSide else { return nil }
      next += 2
      return PreconditionerSide(isRows: index == 0, gram: piece.state[next - 2], basis: piece.state[next - 1])
    }
    return (sides[0], sides[1])
  }

  /// `x` in the bases of its sides, or back from them.
  private static func turn(
    _ x: Tensor, _ rows: PreconditionerSide?, _ columns: PreconditionerSide?, back: Bool = false, in execution: Execution
  ) -> Tensor {
    var result = Tensor(x.shape, .float32, in: execution.arena)
    execution.backend.combine(1, x, 0, nil, into: result)
    if let rows { result = product(rows.basis, result, leftTransposed: back, in: execution) }
    if let columns { result = product(result, columns.basis, rightTransposed: !back, in: execution) }
    return result
  }

  /// A product in float32.
  static func product(
    _ left: Tensor, _ right: Tensor, leftTransposed: Bool = false, rightTransposed: Bool = false,
    in execution: Execution
  ) -> Tensor {
    let backend = execution.backend
    let (depth, width) = rightTransposed ? (right.shape[1], right.shape[0]) : (right.shape[0], right.shape[1])
    let room = execution.arena.allocate(
      byteCount: backend.packedByteCount(depth: depth, columns: width, compute: .float32))
    let packed = backend.pack(right, transposed: rightTransposed, compute: .float32, into: room)
    let output = Tensor([leftTransposed ? left.shape[1] : left.shape[0], width], .float32, in: execution.arena)
    backend.multiply(
      left, leftTransposed: leftTransposed, packed: packed, compute: .float32, into: output, accumulate: false)
    return output
  }
}
