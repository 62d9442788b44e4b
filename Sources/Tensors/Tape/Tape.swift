/// A tensor that a tape knows: what operations take and give.
public struct Variable: Sendable {
  public let tensor: Tensor
  let id: Int
}

/// The record of one forward pass, as a value: several may live at once, each over its own range of layers.
///
/// Operations append what their backward needs. ``backward(from:to:)`` goes back over the record, adds weight
/// gradients to the parameters and returns the gradient of an input. Tensors kept for the backward pass are let go as
/// it passes them.
public struct Tape {
  /// Takes the gradients of a record's outputs (nil where none arrived) and gives those of its inputs.
  public typealias Backward = ([Tensor?]) -> [Tensor?]

  private struct Record {
    let inputs: [Int]
    let outputs: [Int]
    let backward: Backward
  }

  /// Where the operations compute.
  public let execution: Execution
  /// Whether anything is kept for a backward pass.
  public let isRecording: Bool
  /// What routers are told and report.
  public var routing = RoutingLedger()
  private var records: [Record] = []
  private var nextID = 0

  /// An empty tape.
  public init(_ execution: Execution, recording: Bool = true) {
    self.execution = execution
    isRecording = recording
  }

  /// Makes a tensor from outside known to the tape.
  public mutating func variable(_ tensor: Tensor) -> Variable {
    nextID += 1
    return Variable(tensor: tensor, id: nextID)
  }

  /// Appends an operation. `backward` must capture only what it needs.
  public mutating func record(
    inputs: [Variable], outputs: [Tensor], backward: @escaping Backward
  ) -> [Variable] {
    let results = outputs.map { variable($0) }
    if isRecording {
      records.append(Record(inputs: inputs.map(\.id), outputs: results.map(\.id), backward: backward))
    }
    return results
  }

  /// ``record(inputs:outputs:backward:)`` of an operation with one output.
  public mutating func record(
    inputs: [Variable], output: Tensor, backward: @escaping (Tensor) -> [Tensor?]
  ) -> Variable {
    guard isRecording else { return variable(output) }
    // The number alone is captured: the inputs themselves may be freed before the backward pass.
    let inputCount = inputs.count
    return record(inputs: inputs, outputs: [output]) { gradients in
      guard let gradient = gradients[0] else { return Array(repeating: nil, count: inputCount) }
      return backward(gradient)
    }[0]
  }

  /// Goes back over the whole record from the gradients of `outputs` and empties it.
  /// - Returns: the gradients of `inputs`; nil where none flowed.
  @discardableResult
  public mutating func backward(from outputs: [(Variable, gradient: Tensor)], to inputs: [Variable] = []) -> [Tensor?] {
    var gradients: [Int: Tensor] = [:]
    for (variable, gradient) in outputs { add(gradient, to: variable.id, in: &gradients) }
    while let record = records.popLast() {
      let arrived = record.outputs.map { gradients.removeValue(forKey: $0) }
      if arrived.allSatisfy({ $0 == nil }) { continue }
      for (id, gradient) in zip(record.inputs, record.backward(arrived)) {
        if let gradient { add(gradient, to: id, in: &gradients) }
      }
    }
    return inputs.map { gradients[$0.id] }
  }

  private func add(_ gradient: Tensor, to id: Int, in gradients: inout [Int: Tensor]) {
    guard let present = gradients[id] else {
      gradients[id] = gradient
      return
    }
    let sum = execution.tensor(present.shape, present.dtype)
    execution.backend.add(present, gradient, into: sum)
    gradients[id] = sum
  }
}
