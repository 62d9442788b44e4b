import CUDATensors
import Tensors
import Testing
import TestSupport

/// One tensor in the processor's memory and in the card's, with the same elements before an operation.
struct Pair {
  let processor: Tensor
  let card: Tensor
}

/// Where an operation runs: its backend, memory and tensors.
struct Side {
  let backend: any Backend
  let arena: Arena
  fileprivate let isCard: Bool

  /// The side's tensor.
  func callAsFunction(_ pair: Pair) -> Tensor { isCard ? pair.card : pair.processor }
  func callAsFunction(_ pair: Pair?) -> Tensor? { pair.map { self($0) } }
}

/// The processor and a card: an operation runs on both, and their results are compared.
struct BothBackends {
  let processor: Side
  let card: Side
  var random = TestRandom()

  init(_ backend: CUDABackend) {
    processor = Side(backend: CPUBackend(), arena: Arena(), isCard: false)
    card = Side(backend: backend, arena: backend.makeArena(), isCard: true)
  }

  /// The same elements on both.
  func pair(_ values: [Float], _ shape: [Int], _ dtype: DType = .float32) -> Pair {
    Pair(
      processor: Tensor(values, shape: shape, dtype: dtype, in: processor.arena),
      card: Tensor(values, shape: shape, dtype: dtype, in: card.arena))
  }
  func pair(_ values: [Int32], _ shape: [Int]? = nil) -> Pair {
    Pair(
      processor: Tensor(values, shape: shape, in: processor.arena), card: Tensor(values, shape: shape, in: card.arena))
  }
  /// Normally distributed elements.
  mutating func normals(_ shape: [Int], _ dtype: DType = .float32, scale: Float = 1) -> Pair {
    pair(random.normals(shape.reduce(1, *), scale: scale), shape, dtype)
  }
  /// A result: what an operation leaves unwritten is no number.
  func output(_ shape: [Int], _ dtype: DType = .float32) -> Pair {
    if dtype == .int32 { return pair([Int32](repeating: .min, count: shape.reduce(1, *)), shape) }
    return pair([Float](repeating: .nan, count: shape.reduce(1, *)), shape, dtype)
  }

  /// Runs an operation on both.
  func run(_ body: (_ side: Side) -> Void) {
    body(processor)
    body(card)
    card.backend.synchronize()
  }

  /// Records one issue that names the worst element where the card's result is further from the processor's than
  /// `absolute + relative * |processor's|` and, in a bfloat16 tensor, `steps` steps of it.
  func compare(
    _ pair: Pair, absolute: Float = 1e-5, relative: Float = 1e-5, steps: Float = 1, _ label: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    compare(
      pair.card, with: pair.processor.toFloats(), absolute: absolute, relative: relative, steps: steps, label,
      sourceLocation: sourceLocation)
  }

  /// The same with numbers in the processor's place.
  func compare(
    _ tensor: Tensor, with expected: [Float], absolute: Float = 1e-5, relative: Float = 1e-5, steps: Float = 1,
    _ label: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let actual = tensor.toFloats()
    let isExact = tensor.dtype == .int32
    // Numbers next to each other differ by 2^-7 of the smaller one at most.
    let step: Float = tensor.dtype == .bfloat16 ? steps * 0x1p-7 : 0
    var worst = (index: -1, excess: Float(0)), wrong = actual.count == expected.count ? 0 : expected.count
    for (i, (a, e)) in zip(actual, expected).enumerated() where a != e {
      let allowed = isExact ? 0 : absolute + (relative + step) * abs(e)
      if abs(a - e) <= allowed { continue }
      wrong += 1
      let excess = (a - e).isNaN || allowed == 0 ? .infinity : abs(a - e) / allowed
      if excess > worst.excess || worst.index < 0 { worst = (i, excess) }
    }
    if wrong == 0 { return }
    let text = worst.index < 0
      ? "" : ", the worst at \(worst.index): \(actual[worst.index]) instead of \(expected[worst.index])"
    Issue.record(
      "seed \(random.seed), \(label): \(wrong) of \(expected.count) elements are wrong\(text)",
      sourceLocation: sourceLocation)
  }
}

extension Side {
  /// A right operand, packed for the side's backend.
  func packed(_ matrix: Pair, transposed: Bool, compute: DType) -> PackedMatrix {
    let matrix = self(matrix)
    let (depth, columns) = transposed ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
    let storage = arena.allocate(byteCount: backend.packedByteCount(depth: depth, columns: columns, compute: compute))
    return backend.pack(matrix, transposed: transposed, compute: compute, into: storage)
  }
}
