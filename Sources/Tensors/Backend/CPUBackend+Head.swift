import CKernels

extension CPUBackend {
  public func headBlockCount(vocabulary: Int) -> Int { Int(apus_head_blocks(Int64(vocabulary))) }

  public func head(
    _ hidden: Tensor, packed: Storage, vocabulary: Int, compute: DType, targets: Tensor, exponentials: Tensor?,
    blockLargest: Tensor, softCap: Float?, logSumExp: Tensor, logProbabilities: Tensor, entropy: Tensor?
  ) {
    apus_head(
      compute.kernel, Int64(hidden.rows), Int64(vocabulary), Int64(hidden.columns),
      hidden.kernelMatrix(transposed: false), packed.pointer, targets.integers.baseAddress, exponentials?.pointer,
      (exponentials?.dtype ?? compute).kernel, blockLargest.floats.baseAddress, softCap ?? 0,
      logSumExp.floats.baseAddress, logProbabilities.floats.baseAddress, entropy?.floats.baseAddress)
  }

  public func headGradient(
    exponentials: Tensor, blockLargest: Tensor, softCap: Float?, targets: Tensor, logSumExp: Tensor,
    logProbabilities: Tensor, logProbabilityGradient: Tensor, logSumExpGradient: Tensor?
  ) {
    apus_head_gradient(
      Int64(exponentials.rows), Int64(exponentials.columns), exponentials.pointer, exponentials.dtype.kernel,
      blockLargest.floats.baseAddress, softCap ?? 0, targets.integers.baseAddress, logSumExp.floats.baseAddress,
      logProbabilities.floats.baseAddress, logProbabilityGradient.floats.baseAddress,
      logSumExpGradient?.floats.baseAddress)
  }
}
