import CUDARuntime
import Tensors

extension CUDABackend {
  public func selectiveScan(_ s: SelectiveScan, output: Tensor) {
    let share = StateShare(s.key.columns)
    let bytes = share.forwardBytes
    run(s, share, chunk: TokenChunk.count(bytes), bytesOfToken: bytes, state: s.state, output: output, starts: nil)
  }

  public func selectiveScanBackward(
    _ s: SelectiveScan, outputGradient: Tensor, inputGradient: Tensor, stepGradient: Tensor, keyGradient: Tensor,
    queryGradient: Tensor, rateGradient: Tensor
  ) {
    let (tokens, channels, states) = (s.sequences * s.length, s.input.columns, s.key.columns)
    if tokens * channels * states == 0 { return }
    let share = StateShare(states)
    let chunk = TokenChunk.count(share.backwardBytes, most: 16)
    let chunks = (s.length + chunk - 1) / chunk, blocks = (channels + 31) / 32
    let starts = workspace.allocate(byteCount: s.sequences * chunks * states * channels * 4)
    run(s, share, chunk: chunk, bytesOfToken: share.forwardBytes, state: nil, output: nil, starts: starts)
    let shared = workspace.allocate(byteCount: blocks * tokens * 2 * states * 4)
    let rates = workspace.allocate(byteCount: s.sequences * channels * states * 4)
    launch(
      "selective_scan_backward", in: .selectiveScan, s.input.dtype, defines: ["STATES": share.each],
      blocks: Grid(blocks, s.sequences), threads: 32 * share.warps, sharedBytes: chunk * share.backwardBytes,
      s.sequences, s.length, channels, states, chunk, s.input, s.key, s.query, s.step, s.rate, s.firstKeys, starts,
      outputGradient, inputGradient, stepGradient, shared, rates)
    launch(
      "sum_selective_gradients", in: .selectiveScan, s.input.dtype, defines: ["STATES": share.each],
      blocks: self.blocks(for: tokens * 2 * states + channels * states, per: 256), threads: 256, s.sequences, tokens,
      channels, states, blocks, shared, rates, keyGradient, queryGradient, rateGradient)
  }

  private func run(
    _ s: SelectiveScan, _ share: StateShare, chunk: Int, bytesOfToken: Int, state: Tensor?, output: Tensor?,
    starts: Storage?
  ) {
    if s.length == 0 { return }
    launch(
      "selective_scan", in: .selectiveScan, s.input.dtype, defines: ["STATES": share.each],
      blocks: Grid((s.input.columns + 31) / 32, s.sequences), threads: 32 * share.warps,
      sharedBytes: chunk * bytesOfToken, s.length, s.input.columns, s.key.columns, chunk, s.input, s.key, s.query,
      s.step, s.rate, s.firstKeys, state, output, starts)
  }
}

/// How a channel's states are divided: `each` of them in a thread's registers, the warps beside one another.
private struct StateShare {
  let each: Int
  let warps: Int

  init(_ states: Int) {
    warps = min(16, max(1, (states + 3) / 4))
    each = max(4, ((states + warps - 1) / warps + 3) / 4 * 4)
  }

  /// Bytes of shared memory that a token takes: 32 channels' numbers, all states' keys and queries, and what warps add
  /// up.
  var forwardBytes: Int { 4 * (64 + 2 * warps * each + 32 * warps) }
  /// The same backwards, with the gradients of keys and queries and the states before the token.
  var backwardBytes: Int { 4 * (96 + 4 * warps * each + 64 * warps + 32 * warps * each) }
}
