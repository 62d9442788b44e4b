import ArgumentParser
import Formats
import Inference
import Models
import Optimization
import Tensors
import Training

/// `apus model compute`: what a model makes of given ids, for comparison with other programs.
struct ModelComputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute", abstract: "Write logits, loss and gradients of given token ids.",
    discussion: """
      IDS is JSON: {"tokens": [[…], …]}, rows of equal length; each token but the last predicts the next. The result \
      is a safetensors file with logits, loss and grad.<parameter>, in float32, and greedy, in int32. The folder needs \
      no tokenizer.

      Example: apus model compute runs/first --ids ids.json --output result.safetensors --greedy 32
      """)

  @Argument(help: "Folder of a model or a run, or a GGUF file.", completion: .file()) var model: String
  @Option(help: "File with the token ids.") var ids: String
  @Option(help: "The file to write.") var output: String
  @Option(help: "Also continue each row with so many tokens, each the likeliest, by way of the key-value cache.")
  var greedy = 0
  @Option(help: "Also save the model to this folder, in float32.", completion: .directory) var save: String?
  @Flag(help: "No loss and no gradients, which take four times the memory of the weights.") var logitsOnly = false
  @Option(help: "Type of the activations: bf16 or f32; bf16 only with --logits-only.") var compute: ComputeType = .f32
  @OptionGroup var device: DeviceOptions
  @Option(help: "How weights are read: compute, or with --logits-only q8_0.") var weights: WeightFormat = .compute

  func validate() throws {
    guard (0...1_000_000).contains(greedy) else { throw ValidationError("--greedy must be 0 to 1000000") }
    guard compute == .f32 && weights == .compute || logitsOnly && save == nil else {
      throw ValidationError("--compute bf16 and --weights q8_0 need --logits-only, and no --save")
    }
  }

  func run() throws {
    let path = Paths.exists(model.appendingPath("config.json")) ? model : try ModelFolder.resolve(model)
    let execution = Execution(
      backend: try device.backend(), compute: compute.type, weightFormat: weights)
    let stored = try StoredModel(path)
    let model = logitsOnly ? try stored.load(for: execution) : try stored.load(trainable: true, on: execution.backend)
    let rows = try readRows(model.configuration)
    var results: [Result] = []
    results.append(
      Result("logits", [rows.count, rows[0].count, model.configuration.vocabularySize], logits(model, rows, execution)))
    if greedy > 0 { results.append(Result("greedy", [rows.count, greedy], continuations(model, rows, execution))) }
    if !logitsOnly {
      let loss = loss(model, rows, execution)
      print("loss \(loss) over \(rows.count * (rows[0].count - 1)) targets")
      results.append(Result("loss", [1], Tensor([Float(loss)], shape: [1], in: execution.arena)))
    }
    try write(results, gradients: model.store)
    print("written to \(output)")
    if let save {
      try ModelFolder.save(model, tokenizer: nil, dtype: .float32, to: save)
      print("saved to \(save)")
    }
  }

  private struct Result {
    var name: String
    var shape: [Int]
    var tensor: Tensor

    init(_ name: String, _ shape: [Int], _ tensor: Tensor) {
      self.name = name
      self.shape = shape
      self.tensor = tensor
    }

    var declaration: SafetensorsWriter.Declaration {
      .init(name: name, element: tensor.dtype == .int32 ? .int32 : .float32, shape: shape)
    }
  }

  private func logits(_ model: DecoderModel, _ rows: [[Int32]], _ execution: Execution) -> Tensor {
    var tape = Tape(execution, recording: false)
    let whole = SequenceContext(
      sequences: rows.count, length: rows[0].count, documentStarts: nil,
      rotaryTable: RotaryTable.make(model.configuration, positions: rows[0].count, in: execution.arena),
      arena: execution.arena)
    let hidden = model.hiddenStates(Tensor(rows.flatMap { $0 }, in: execution.arena), whole, on: &tape)
    return model.logits(hidden.tensor, in: execution)
  }

  private func continuations(_ model: DecoderModel, _ rows: [[Int32]], _ execution: Execution) -> Tensor {
    var states = rows.map { DecoderState(model.configuration, capacity: $0.count + greedy, in: execution) }
    var all = rows.map { _ in [Int32]() }
    var next = rows
    for _ in 0..<greedy {
      let hidden = model.step(next, states: &states, in: execution)
      let length = next[0].count
      for row in rows.indices {
        let last = (row + 1) * length - 1
        let likeliest = model.logits(hidden[rows: last..<last + 1], in: execution).read { host in
          let logits = host.floats
          return logits.indices.max { (logits[$0], $1) < (logits[$1], $0) } ?? 0
        }
        next[row] = [Int32(likeliest)]
        all[row].append(Int32(likeliest))
      }
    }
    return Tensor(Array(all.joined()), in: execution.arena)
  }

  private func loss(_ model: DecoderModel, _ rows: [[Int32]], _ execution: Execution) -> Double {
    let length = rows[0].count - 1
    let step = TrainingStep(
      model, optimizer: Optimizer(model.store, AdamW(), in: execution),
      settings: .init(microBatchSize: rows.count), sequenceLength: length, execution: execution)
    var batch = TokenBatch(sequenceLength: length, maskDocuments: false)
    let starts = [Int32](repeating: 0, count: rows[0].count)
    for row in rows {
      row.withUnsafeBufferPointer { window in
        starts.withUnsafeBufferPointer { batch.append(window: window, documentStarts: $0, predictFirstTokens: true) }
      }
    }
    return step.accumulateGradients(batch)
  }

  private func readRows(_ configuration: ModelConfiguration) throws -> [[Int32]] {
    let json = try JSON.parse(contentsOfFile: ids)
    let rows = (json["tokens"] ?? json).arrayValue?.map { row in
      row.arrayValue?.compactMap { $0.intValue.flatMap(Int32.init(exactly:)) } ?? []
    }
    guard let rows, let first = rows.first, first.count > 1, rows.allSatisfy({ $0.count == first.count }) else {
      throw FileError(path: ids, problem: "does not hold rows of at least two token ids, all of one length")
    }
    let vocabulary = configuration.vocabularySize
    guard rows.joined().allSatisfy({ (0..<Int32(vocabulary)).contains($0) }) else {
      throw FileError(path: ids, problem: "holds a token outside the model's vocabulary of \(vocabulary)")
    }
    let length = first.count + greedy
    guard configuration.positions != .learned || length <= configuration.contextLength else {
      throw FileError(
        path: ids,
        problem: "leads to rows of \(length) tokens, but the model has only \(configuration.contextLength) positions")
    }
    return rows
  }

  private func write(_ results: [Result], gradients store: ParameterStore) throws {
    let gradients = store.gradient == nil ? [] : StoredTensor.all(store.declarations.filter(\.isOptimized))
    let writer = try SafetensorsWriter(
      output,
      tensors: results.map(\.declaration)
        + gradients.map { .init(name: "grad." + $0.name, element: .float32, shape: $0.shape) })
    do {
      for result in results {
        let host = result.tensor.onHost
        try writer.append(UnsafeRawBufferPointer(start: host.pointer, count: host.count * 4), to: result.name)
      }
      for tensor in gradients {
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.count)
        defer { values.deallocate() }
        try tensor.fill(values) { part, values in
          store.parameter(part.name)?.gradient?.read { _ = values.update(fromContentsOf: $0.floats) }
        }
        try writer.append(UnsafeRawBufferPointer(values), to: "grad." + tensor.name)
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }
}
