extension Tape {
  /// Runs `block` keeping only its inputs; the backward pass runs it again before going back over it.
  public mutating func recomputed(
    _ inputs: [Variable], _ block: @escaping (inout Tape, [Variable]) -> [Variable]
  ) -> [Variable] {
    guard isRecording else { return block(&self, inputs) }
    let execution = execution
    let tensors = inputs.map(\.tensor)
    let told = routing
    var forward = Tape(execution, recording: false)
    forward.routing = told
    let outputs = block(&forward, tensors.map { forward.variable($0) }).map(\.tensor)
    routing = forward.routing
    return record(inputs: inputs, outputs: outputs) { gradients in
      var tape = Tape(execution)
      tape.routing = told
      let again = tensors.map { tape.variable($0) }
      let results = block(&tape, again)
      let arrived = zip(results, gradients).compactMap { result, gradient in gradient.map { (result, gradient: $0) } }
      return tape.backward(from: arrived, to: again)
    }
  }
}
