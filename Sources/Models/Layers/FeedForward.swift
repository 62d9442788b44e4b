import Tensors

/// The SwiGLU feed-forward layer of one block.
public struct FeedForward: Sendable {
  let gateUp: WeightMatrix
  let down: WeightMatrix

  init(_ store: ParameterStore, layer: Int) {
    let at = "model.layers.\(layer).mlp"
    gateUp = store.matrix(["\(at).gate_proj.weight", "\(at).up_proj.weight"])
    down = store.matrix(["\(at).down_proj.weight"])
  }

  /// x `[tokens, hidden]` to the same shape.
  public func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    let activated = tape.swiGLU(tape.linear(x, gateUp))
    return tape.linear(activated, down)
  }
}
