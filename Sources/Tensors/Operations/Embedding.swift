extension Tape {
  /// Rows of `table` `[vocabulary, width]` chosen by `ids` (int32 `[tokens]`), times `scale`: `[tokens, width]`.
  public mutating func embedding(_ ids: Tensor, _ table: Parameter, scale: Float = 1) -> Variable {
    let execution = execution
    let output = execution.tensor([ids.count, table.shape[1]])
    execution.backend.embedding(ids: ids, table: table.master, scale: scale, into: output)
    return record(inputs: [], output: output) { gradient in
      if let tableGradient = table.gradient {
        execution.backend.embeddingBackward(
          ids: ids, outputGradient: gradient, scale: scale, tableGradient: tableGradient)
      }
      return []
    }
  }
}
