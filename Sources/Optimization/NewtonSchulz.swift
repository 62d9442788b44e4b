import Tensors

/// The Newton–Schulz iteration by which Muon makes a matrix's singular values nearly equal (Jordan and others,
/// "Muon: An optimizer for hidden layers in neural networks", 2024).
enum NewtonSchulz {
  /// Coefficients of the odd polynomial `a x + b x^3 + c x^5`: its slope at 0 is as large as can be while values in
  /// [0, 1] end near 1.
  static let coefficients: (a: Float, b: Float, c: Float) = (3.4445, -4.7750, 2.0315)

  /// Replaces `x` `[rows, columns]` float32 by an approximation of U V^T of its singular value decomposition; singular
  /// values end between about 0.7 and 1.2.
  /// - Parameter compute: type of the products' operands; sums and what lies between them are float32.
  static func orthogonalize(_ x: Tensor, steps: Int, compute: DType, in execution: Execution) {
    let backend = execution.backend
    let (rows, columns) = (x.shape[0], x.shape[1])
    // The smaller of the two products of x with itself; X^T X stands on the right, X X^T on the left.
    let isTall = rows > columns
    let side = min(rows, columns)
    let norm = max(backend.sumOfSquares(x).squareRoot(), 1e-7)
    let (gram, scaled, polynomial) = (square(side, execution), square(side, execution), square(side, execution))
    let next = Tensor([rows, columns], .float32, in: execution.arena)
    func packed(_ depth: Int, _ width: Int) -> Storage {
      execution.arena.allocate(byteCount: backend.packedByteCount(depth: depth, columns: width, compute: compute))
    }
    let packedX = isTall ? packed(rows, columns) : packed(columns, rows)
    let packedGram = packed(side, side)
    let packedWide = isTall ? packedGram : packed(rows, columns)
    var (now, then) = (x, next)
    backend.combine(Float(1 / norm), now, 0, nil, into: now)
    for _ in 0..<steps {
      let (a, b, c) = coefficients
      let x = backend.pack(now, transposed: !isTall, compute: compute, into: packedX)
      backend.multiply(now, leftTransposed: isTall, packed: x, compute: compute, into: gram, accumulate: false)
      // polynomial = b G + c G G
      backend.combine(b, gram, 0, nil, into: polynomial)
      backend.combine(c, gram, 0, nil, into: scaled)
      let right = backend.pack(gram, transposed: false, compute: compute, into: packedGram)
      backend.multiply(
        scaled, leftTransposed: false, packed: right, compute: compute, into: polynomial, accumulate: true)
      // X = a X + polynomial X, or X polynomial
      backend.combine(a, now, 0, nil, into: then)
      if isTall {
        let wide = backend.pack(polynomial, transposed: false, compute: compute, into: packedWide)
        backend.multiply(now, leftTransposed: false, packed: wide, compute: compute, into: then, accumulate: true)
      } else {
        let wide = backend.pack(now, transposed: false, compute: compute, into: packedWide)
        backend.multiply(
          polynomial, leftTransposed: false, packed: wide, compute: compute, into: then, accumulate: true)
      }
      swap(&now, &then)
    }
    if steps % 2 == 1 { backend.combine(1, now, 0, nil, into: x) }
  }

  private static func square(_ side: Int, _ execution: Execution) -> Tensor {
    Tensor([side, side], .float32, in: execution.arena)
  }
}
