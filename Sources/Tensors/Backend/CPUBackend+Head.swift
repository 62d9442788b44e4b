import CKernels

extension CPUBackend {
  public func headBlockCount(vocabulary: Int) -> Int { Int(apus_head_blocks(Int64(vocabulary))) }

  /// As many tokens as fill 512 MiB with exponentials, at most 2,048.
  public func headRows(vocabulary: Int, compute: DType) -> Int {
    max(16, min(2048, (512 << 20) / (vocabulary * compute.byteCount) / 16 * 16))
  }

  public func headColumns(vocabulary: Int, compute: DType) -> Int {
    Int(apus_gemm_row_stride(compute.kernel, Int64(vocabulary)))
  }

  public func head(
    _ hidden: Tensor, weights: RightOperand, vocabulary: Int, compute: DType, targets: Tensor, exponentials: Tensor?,
    blockLargest: Tensor, softCap: Float?, logSumExp: Tensor, logProbabilities: Tensor, entropy: Tensor?
  ) {
    let (packed, plain) = weights.kernelOperands
    apus_head(
      compute.kernel, Int64(hidden.rows), Int64(vocabulary), Int64(hidden.columns),
      hidden.kernelMatrix(transposed: false), packed, plain, targets.integers.baseAddress, exponentials?.pointer,
      Int64(exponentials?.columns ?? 0), (exponentials?.dtype ?? compute).kernel, blockLargest.floats.baseAddress,
      softCap ?? 0, logSumExp.floats.baseAddress, logProbabilities.floats.baseAddress, entropy?.floats.baseAddress)
  }

  public func headGradient(
    exponentials: Tensor, vocabulary: Int, blockLargest: Tensor, softCap: Float?, targets: Tensor, logSumExp: Tensor,
    logProbabilities: Tensor, logProbabilityGradient: Tensor, logSumExpGradient: Tensor?
  ) {
    apus_head_gradient(
      Int64(exponentials.rows), Int64(vocabulary), exponentials.pointer, Int64(exponentials.columns),
      exponentials.dtype.kernel, blockLargest.floats.baseAddress, softCap ?? 0, targets.integers.baseAddress,
      logSumExp.floats.baseAddress, logProbabilities.floats.baseAddress, logProbabilityGradient.floats.baseAddress,
      logSumExpGradient?.floats.baseAddress)
  }

  public func crossEntropyGradient(
    logSumExp: Tensor, weights: Tensor, total: Float, zLoss: Float, byLogProbability: Tensor, byLogSumExp: Tensor
  ) {
    let (sums, given, first, second) = (logSumExp.floats, weights.floats, byLogProbability.floats, byLogSumExp.floats)
    for i in 0..<logSumExp.count {
      let weight = given[i] / total
      first[i] = -weight
      second[i] = 2 * zLoss * sums[i] * weight
    }
  }
}
