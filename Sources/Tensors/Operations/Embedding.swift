extension Tape {
  /// Rows of `table` `[vocabulary, width]` chosen by `ids` (int32 `[tokens]`), times `scale`: `[tokens, width]`.
  public mutating func embedding(_ ids: Tensor, _ table: Parameter, scale: Float = 1) -> Variable {
    let execution = execution
    let output = execution.tensor([ids.count, table.shape[1]])
    if let stored = table.stored {
      let rows = execution.tensor(output.shape, .float32)
      let chosen = ids.read { Array($0.integers) }
      rows.write { host in
        for (i, id) in chosen.enumerated() {
          stored.read(Int(id)..<Int(id) + 1, into: host[rows: i..<i + 1].floats)
        }
      }
      let order = Tensor(chosen.indices.map(Int32.init), in: execution.arena)
      execution.backend.embedding(ids: order, table: rows, scale: scale, into: output)
    } else {
      execution.backend.embedding(ids: ids, table: table.master, scale: scale, into: output)
    }
    return record(inputs: [], output: output) { gradient in
      if let tableGradient = table.gradient {
        table.clearStaleGradient(in: execution.backend)
        execution.backend.embeddingBackward(
          ids: ids, outputGradient: gradient, scale: scale, tableGradient: tableGradient)
      }
      return []
    }
  }
}
