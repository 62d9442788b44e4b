import CUDARuntime
import Tensors

extension CUDABackend {
  /// The processor computes them, with the bits that it has itself: a matrix's only once, in a run's first step.
  public func eigenvectors(_ matrix: Tensor, into rows: Tensor) -> Bool {
    matrix.read { matrix in rows.write { CPUBackend().eigenvectors(matrix, into: $0) } }
  }

  public func orthonormalize(_ rows: Tensor) {
    let (size, rowsAtOnce) = (rows.rows, 32)
    let axis = workspace.allocate(byteCount: 8)
    let threads = min((size + 31) / 32 * 32, 512)
    func run(_ kernel: String, blocks: Int, _ rowsNow: Range<Int>) {
      launch(
        kernel, in: .orthonormal, nil, blocks: Grid(blocks), threads: threads, rows, axis, size, rowsNow.lowerBound,
        rowsNow.upperBound)
    }
    // Rounding leaves rows at nearly right angles; a second pass finds little to do.
    for _ in 0..<2 {
      run("unit_rows", blocks: size, 0..<0)
      for first in stride(from: 0, to: size, by: rowsAtOnce) {
        let now = first..<min(first + rowsAtOnce, size)
        run("straighten_rows", blocks: 1, now)
        run("take_out_rows", blocks: size - now.upperBound, now)
      }
    }
  }
}
