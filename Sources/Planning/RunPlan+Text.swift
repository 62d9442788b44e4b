import Reporting

extension RunPlan {
  /// The plan as aligned tables for a terminal.
  public var text: String {
    let length = stages.map(\.sequenceLength).max() ?? 0
    var run = TextTable([.left, .right, .left])
    run.add("model", Quantity.count(model.parameterCounts.total), "parameters")
    run.add("", Quantity.count(model.parameterCounts.withoutEmbeddings), "outside embedding and head")
    if model.parameterCounts.idle > 0 {
      run.add("", Quantity.count(model.parameterCounts.active), "active for a token")
    }
    run.add("batch", Quantity.grouped(globalBatchSize), "sequences an update, \(microBatchSize) at a time")
    run.add("", Quantity.count(globalBatchSize * length), "tokens an update of \(Quantity.grouped(length)) each")
    run.add("steps", Quantity.grouped(steps), "")
    run.add("tokens", Quantity.count(tokens), ratio)
    run.add("work", Quantity.operations(operations), "")
    run.add(
      "", Quantity.operations(model.trainingOperationsPerToken(sequenceLength: length)), "a token")
    if let seconds = expectedSeconds, let rate = measuredRate {
      run.add("time", Quantity.duration(seconds), "at \(Quantity.operations(rate))/s")
    }
    var table = TextTable([.left, .right])
    let memory = memory
    for (name, bytes) in memory.categories { table.add(name, Quantity.bytes(bytes)) }
    table.rule()
    table.add("memory", Quantity.bytes(memory.total))
    return run.text + "\n" + table.text
  }

  private var ratio: String {
    let parameters = model.parameterCounts.total
    guard parameters > 0 else { return "" }
    return "\(Quantity.number(Double(tokens) / Double(parameters), digits: 3)) a parameter"
  }
}
