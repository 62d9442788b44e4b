import Tensors

extension AttentionMixer {
  /// The queries of tokens at `places` of documents that begin at keys `documents`, turned for each part of their keys;
  /// the keys, turned; the values.
  func dualParts(
    _ qkv: Variable, _ dual: DualChunk, places: [Int], documents: [Int], on tape: inout Tape
  ) -> (parts: [AttentionPart<Variable>], key: Variable, value: Variable) {
    guard let cache = dualChunkTable else { preconditionFailure("chunks need rotary embeddings") }
    let arena = tape.execution.arena
    let parts = dual.parts(places: places, documents: documents)
    let table = cache.table(positions: Int(parts.reduce(0) { max($0, $1.positions.max() ?? 0) }) + 1)
    let query = ColumnSpan(column: 0, count: shape.queryWidth)
    let key = ColumnSpan(column: shape.queryWidth, count: shape.keyWidth)
    let value = ColumnSpan(column: shape.queryWidth + shape.keyWidth, count: shape.keyWidth)
    let tensors = tape.columns(of: [qkv], parts.map { _ in [query] } + [[key], [value]])
    func turned(_ x: Variable, _ heads: Int, _ positions: [Int32]) -> Variable {
      tape.rotary(
        x, heads: RotaryHeads(count: heads, dimension: shape.headDimension, isInterleaved: shape.isInterleaved),
        positions: Tensor(positions, in: arena), table: table)
    }
    let queries = zip(tensors, parts).map { tensor, part in
      AttentionPart(
        query: turned(tensor, shape.heads, part.positions), firstKeys: Tensor(part.first, in: arena),
        lastKeys: Tensor(part.last, in: arena))
    }
    let keys = turned(tensors[parts.count], shape.keyValueHeads, places.map { Int32($0 % dual.size) })
    return (queries, keys, tensors[parts.count + 1])
  }

  /// What attention gives the next tokens of some sequences, whose states hold keys turned within their chunks.
  func dualStep(
    _ qkv: Tensor, _ dual: DualChunk, _ context: StepContext, states: inout [any MixerState], on tape: inout Tape
  ) -> Tensor {
    let execution = tape.execution
    let mixed = execution.tensor([qkv.rows, shape.queryWidth])
    var row = 0
    for (i, length) in context.lengths.enumerated() where length > 0 {
      guard var state = states[i] as? AttentionState else { preconditionFailure("the state of another mixer") }
      let places = Array(state.count..<state.count + length)
      let (parts, key, value) = dualParts(
        tape.variable(qkv[rows: row..<row + length]), dual, places: places, documents: places.map { _ in 0 }, on: &tape)
      state.append(keys: key.tensor, values: value.tensor, in: execution)
      states[i] = state
      let tensors = parts.map {
        AttentionPart(query: $0.query.tensor, firstKeys: $0.firstKeys, lastKeys: $0.lastKeys)
      }
      let output = execution.attention(
        tensors, key: state.keys, value: state.values,
        shape.specification(sequences: 1, queryLength: length, keyLength: state.count, slopes: nil)
      ).output
      execution.backend.copy(output, into: mixed[rows: row..<row + length])
      row += length
    }
    return mixed
  }
}
