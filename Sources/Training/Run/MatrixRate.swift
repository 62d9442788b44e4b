import Reporting
import Tensors

/// How fast this machine multiplies: what MFU refers to.
public enum MatrixRate {
  /// Floating-point operations a second of a product of the size that training meets, best of about half a second.
  public static func measure(compute: DType) -> Double {
    let execution = Execution(compute: compute)
    let (rows, columns, depth) = (1024, 2816, 1024)
    func matrix(_ rows: Int, _ columns: Int) -> Tensor {
      let tensor = Tensor([rows, columns], .float32, in: execution.arena)
      Philox(seed: 1, purpose: "matrix rate").fillNormal(tensor.floats, standardDeviation: 1)
      let converted = execution.tensor([rows, columns])
      execution.backend.convert(tensor, into: converted)
      return converted
    }
    let left = matrix(rows, depth)
    let right = matrix(depth, columns)
    let output = execution.tensor([rows, columns])
    let packed = execution.arena.allocate(
      byteCount: execution.backend.packedByteCount(depth: depth, columns: columns, compute: compute))
    execution.backend.pack(right, transposed: false, compute: compute, into: packed)
    var best = Double.infinity
    let start = monotonicSeconds()
    repeat {
      let begin = monotonicSeconds()
      execution.backend.multiply(
        left, leftTransposed: false, packed: packed, compute: compute, into: output, accumulate: false)
      best = min(best, monotonicSeconds() - begin)
    } while monotonicSeconds() - start < 0.5
    return 2 * Double(rows * columns * depth) / best
  }
}
