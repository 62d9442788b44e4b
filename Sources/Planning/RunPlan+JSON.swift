public import Formats
public import Models

extension RunPlan {
  /// The plan as JSON, sizes in bytes and times in seconds.
  public var json: JSON {
    let memory = memory
    let length = stages.map(\.sequenceLength).max() ?? 0
    return .object([
      "parameters": model.parameterCounts.json,
      "micro_batch_size": .integer(Int64(microBatchSize)),
      "global_batch_size": .integer(Int64(globalBatchSize)),
      "sequence_length": .integer(Int64(length)),
      "steps": .integer(Int64(steps)),
      "tokens": .integer(Int64(tokens)),
      "flops_per_token": .number(model.trainingOperationsPerToken(sequenceLength: length)),
      "flops": .number(operations),
      "expected_seconds": expectedSeconds.map(JSON.number) ?? .null,
      "memory": .object([
        "master_weights": .integer(Int64(memory.masterWeights)),
        "gradients": .integer(Int64(memory.gradients)),
        "moments": .integer(Int64(memory.moments)),
        "packed_weights": .integer(Int64(memory.packedWeights)),
        "activations": .integer(Int64(memory.activations)),
        "logits": .integer(Int64(memory.logits)),
        "total": .integer(Int64(memory.total)),
      ]),
    ])
  }
}

extension ParameterCounts {
  /// The counts as JSON.
  public var json: JSON {
    .object([
      "embedding": .integer(Int64(embedding)),
      "attention": .integer(Int64(attention)),
      "feed_forward": .integer(Int64(feedForward)),
      "norms": .integer(Int64(norms)),
      "head": .integer(Int64(head)),
      "active": .integer(Int64(active)),
      "total": .integer(Int64(total)),
    ])
  }
}
