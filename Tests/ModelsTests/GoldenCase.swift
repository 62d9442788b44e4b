import Formats
import Foundation
import Models
import Tensors
import Testing

/// One folder of `Golden`: a model, a batch and what transformers makes of it.
struct GoldenCase {
  let folder: String
  let model: DecoderModel
  let tokens: Tensor
  private let input: JSON
  private let file: Safetensors
  private let arena = Arena()

  init(_ name: String) throws {
    folder = try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
    input = try JSON.parse(contentsOfFile: folder.appendingPath("input.json"))
    file = try Safetensors(folder.appendingPath("expected.safetensors"))
    var configuration = try ModelConfiguration(huggingFace: folder)
    if let window = input["slidingWindow"]?.intValue { configuration.slidingWindow = window }
    model = DecoderModel(configuration, trainable: true)
    try WeightFiles.load(into: model.store, directory: folder)
    model.store.gradient?.floats.update(repeating: 0)
    tokens = Tensor(try Self.rows(input, "tokens"), in: arena)
  }

  func path(_ name: String) -> String { folder.appendingPath(name) }

  func context(_ execution: Execution) -> SequenceContext {
    var starts: [Int32]?
    if let documents = input["documentStarts"]?.arrayValue {
      starts = documents.flatMap { row in
        let begins = row.int32s ?? []
        return (0..<23).map { token in begins.last { $0 <= Int32(token) } ?? 0 }
      }
    }
    return SequenceContext(
      sequences: 2, length: 23, documentStarts: starts,
      rotaryTable: RotaryTable.make(model.configuration, positions: 23, in: execution.arena), arena: execution.arena)
  }

  /// The case's loss, and gradients into the model's parameters.
  func backward(
    from hidden: Variable, on tape: inout Tape
  ) throws -> (loss: Double, results: TokenLogProbabilities) {
    let targets = Tensor(try Self.rows(input, "targets"), in: arena)
    let weights = try #require(input["lossWeights"]?.arrayValue).flatMap { $0.int32s ?? [] }.map(Float.init)
    let total = weights.reduce(0, +)
    let zLoss = Float(input["zLoss"]?.doubleValue ?? 0)
    let head = tape.outputHead(hidden, model.head, targets: targets) { token, _, logSumExp in
      (-weights[token] / total, 2 * zLoss * logSumExp * weights[token] / total)
    }
    tape.backward(from: [(head.loss, gradient: Tensor([1], shape: [1], in: arena))])
    var loss = 0.0
    for (i, weight) in weights.enumerated() {
      let lse = head.results.logSumExp[i]
      loss += Double(weight / total * (zLoss * lse * lse - head.results.logProbabilities[i]))
    }
    return (loss, head.results)
  }

  /// The gradient that transformers computed, in this model's layout.
  func expectedGradient(_ declaration: ParameterDeclaration) throws -> [Float] {
    guard let place = declaration.stored else { return try expected("grad." + declaration.name) }
    let stored = try expected("grad." + place.tensor)
    let columns = declaration.count / declaration.shape[0]
    return (0..<declaration.count).map { i in
      let row = place.order?[i / columns] ?? i / columns
      return stored[place.first + row * place.rowStride + i % columns * place.columnStride]
    }
  }

  func expected(_ name: String) throws -> [Float] {
    let entry = try file.entry(name, element: .float32)
    let bytes = file.bytes(of: entry)
    return (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
  }

  private static func rows(_ input: JSON, _ key: String) throws -> [Int32] {
    try #require(input[key]?.arrayValue).flatMap { $0.int32s ?? [] }
  }
}

extension JSON {
  /// The numbers of a list.
  var int32s: [Int32]? { arrayValue?.compactMap { $0.intValue.map(Int32.init) } }
}

/// Largest absolute difference.
func maximumDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// Norm of the difference over the norm of `b`.
func relativeDifference(_ a: [Float], _ b: [Float]) -> Double {
  guard a.count == b.count else { return .infinity }
  let difference = zip(a, b).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
  let norm = b.reduce(0.0) { $0 + Double($1) * Double($1) }
  return (difference / max(norm, 1e-30)).squareRoot()
}
