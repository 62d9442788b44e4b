/// How far attention looks back where it does not see the whole text: what a state need no longer hold.
struct AttentionReach: Hashable, Sendable {
  private let window, chunk: Int?
  /// The first tokens, which are always seen.
  let kept: Int
  /// Tokens are dropped in multiples of this: chunks, and the blocks of keys that kernels add up, then begin where they
  /// begin in the whole text, and the sums have the same order.
  private let step: Int
  /// Rows that hold what is seen, and some more so that rows are rarely moved.
  let rows: Int

  private static let keyBlock = 64

  /// nil: every token is seen to the end.
  init?(_ shape: AttentionShape) {
    guard let span = [shape.window, shape.chunk].compactMap({ $0 }).min() else { return nil }
    // Scores that fall with distance count the tokens between; chosen blocks are counted from the first token.
    guard shape.blocks == nil, shape.dualChunk == nil, !shape.hasSlopes || shape.keptFirstTokens == 0 else {
      return nil
    }
    (window, chunk, kept) = (shape.window, shape.chunk, shape.keptFirstTokens)
    let block = Self.keyBlock
    step = shape.chunk.map { $0 / Self.commonDivisor($0, block) * block } ?? block
    let slack = step + max(block, span / 8)
    rows = (kept + span + slack + block - 1) / block * block
  }

  /// How many of the tokens behind the kept ones no token from number `count` (from 0) on sees.
  func unseen(from count: Int) -> Int {
    let first = max(window.map { count - $0 + 1 } ?? 0, chunk.map { count / $0 * $0 } ?? 0)
    return max(0, first - kept) / step * step
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }
}
