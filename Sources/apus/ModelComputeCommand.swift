import ArgumentParser
import Formats
import Inference
import Models
import Tensors
import Training

/// `apus model compute`: what a model makes of given ids, for comparison with other programs.
struct ModelComputeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compute", abstract: "Write logits, loss and gradients of given token ids.",
    discussion: """
      IDS is JSON: {"tokens": [[…], …]}, rows of equal length; each token but the last predicts the next. The result \
      is a safetensors file with logits, loss and grad.<parameter>, in float32.

      Example: apus model compute runs/first --ids ids.json --output result.safetensors
      """)

  @Argument(help: "Folder of a model or a run, or a GGUF file.", completion: .file()) var model: String
  @Option(help: "File with the token ids.") var ids: String
  @Option(help: "The file to write.") var output: String

  func run() throws {
    let model = try StoredModel(ModelFolder.resolve(model)).load(trainable: true)
    let rows = try readRows(vocabularySize: model.configuration.vocabularySize)
    let length = rows[0].count - 1
    let execution = Execution(compute: .float32)

    var all = Tape(execution, recording: false)
    let whole = SequenceContext(
      sequences: rows.count, length: rows[0].count, documentStarts: nil,
      rotaryTable: RotaryTable.make(model.configuration, positions: rows[0].count, in: execution.arena),
      arena: execution.arena)
    let hidden = model.hiddenStates(Tensor(rows.flatMap { $0 }, in: execution.arena), whole, on: &all)
    let logits = model.logits(hidden.tensor, in: execution)

    let step = TrainingStep(
      model, optimizer: .init(model.store, settings: .init(), in: execution) { _ in true },
      settings: .init(microBatchSize: rows.count), sequenceLength: length, execution: execution)
    var batch = TokenBatch(sequenceLength: length, maskDocuments: false)
    let starts = [Int32](repeating: 0, count: rows[0].count)
    for row in rows {
      row.withUnsafeBufferPointer { window in
        starts.withUnsafeBufferPointer { batch.append(window: window, documentStarts: $0, predictFirstTokens: true) }
      }
    }
    let loss = step.accumulateGradients(batch)
    try write(model, logits: logits, shape: [rows.count, rows[0].count, model.configuration.vocabularySize], loss: loss)
    print("loss \(loss) over \(rows.count * length) targets; written to \(output)")
  }

  private func readRows(vocabularySize: Int) throws -> [[Int32]] {
    let json = try JSON.parse(contentsOfFile: ids)
    let rows = (json["tokens"] ?? json).arrayValue?.map { row in
      row.arrayValue?.compactMap { $0.intValue.flatMap(Int32.init(exactly:)) } ?? []
    }
    guard let rows, let first = rows.first, first.count > 1, rows.allSatisfy({ $0.count == first.count }) else {
      throw FileError(path: ids, problem: "does not hold rows of at least two token ids, all of one length")
    }
    guard rows.joined().allSatisfy({ (0..<Int32(vocabularySize)).contains($0) }) else {
      throw FileError(path: ids, problem: "holds a token outside the model's vocabulary of \(vocabularySize)")
    }
    return rows
  }

  private func write(_ model: DecoderModel, logits: Tensor, shape: [Int], loss: Double) throws {
    let gradients = model.store.parameters.compactMap { parameter in parameter.gradient.map { (parameter, $0) } }
    let writer = try SafetensorsWriter(
      output,
      tensors: [
        .init(name: "logits", element: .float32, shape: shape), .init(name: "loss", element: .float32, shape: [1]),
      ] + gradients.map { .init(name: "grad." + $0.0.name, element: .float32, shape: $0.0.shape) })
    do {
      try writer.append(UnsafeRawBufferPointer(logits.floats), to: "logits")
      try withUnsafeBytes(of: Float(loss)) { try writer.append($0, to: "loss") }
      for (parameter, gradient) in gradients {
        try writer.append(UnsafeRawBufferPointer(gradient.floats), to: "grad." + parameter.name)
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }
}
