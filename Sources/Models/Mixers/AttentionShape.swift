import Foundation
import Tensors

/// What softmax attention of one layer is, with nothing left open.
struct AttentionShape: Sendable {
  let heads, keyValueHeads, headDimension: Int
  /// nil: queries and keys do not turn.
  let rotary: RotaryEmbedding?
  let isInterleaved, hasSlopes: Bool
  let window, chunk: Int?
  let keptFirstTokens: Int
  let temperature: AttentionTemperature?
  let hasSinks: Bool
  let softCap, scale: Float?
  let hasBias, hasOutputBias: Bool
  let queryKeyNorm: ModelConfiguration.QueryKeyNorm?
  let hasOutputGate: Bool
  let dualChunk: DualChunk?
  let blocks: BlockSelection?

  init(_ kind: SoftmaxAttention, _ site: LayerSite) {
    let c = site.configuration
    let layer = site.layer
    heads = kind.heads ?? c.headCount
    keyValueHeads = kind.keyValueHeads ?? (kind.heads == nil ? c.keyValueHeadCount : heads)
    headDimension = kind.headDimension ?? c.headDimension
    if kind.rope ?? c.usesRope(layer: layer) {
      // A share that was a quotient of widths may be too small by its rounding.
      let width = Int((Double(headDimension) * (kind.ropeShare ?? c.ropeShare) + 1e-6).rounded(.down))
      if let theta = kind.ropeTheta ?? (c.usesLocalRope(layer: layer) ? c.localRopeTheta : nil) {
        rotary = RotaryEmbedding(theta: theta, width: width)
      } else {
        rotary = RotaryEmbedding(theta: c.ropeTheta, width: width, scaling: c.ropeScaling)
      }
    } else {
      rotary = nil
    }
    isInterleaved = c.ropeInterleaved
    hasSlopes = kind.alibi ?? (c.positions == .alibi)
    switch kind.window {
    case nil: window = c.slidingWindow(layer: layer)
    case SoftmaxAttention.Window.none?: window = nil
    case .tokens(let count)?: window = count
    }
    chunk = kind.chunk
    keptFirstTokens = kind.keptFirstTokens ?? 0
    temperature = kind.temperature
    hasSinks = kind.learnedSinks
    softCap = kind.logitSoftCap.map { Float($0) }
    let divisor = c.attentionScalar ?? (kind.scoreFactor == nil ? nil : headDimension)
    scale = divisor.map { Float(kind.scoreFactor ?? 1) / Float($0).squareRoot() }
    hasBias = kind.bias ?? c.queryKeyValueBias
    hasOutputBias = kind.bias ?? c.attentionOutputBias
    switch kind.queryKeyNorm {
    case nil: queryKeyNorm = c.queryKeyNorm
    case SoftmaxAttention.Normalization.none?: queryKeyNorm = nil
    case .head?: queryKeyNorm = .head
    case .projection?: queryKeyNorm = .projection
    case .unit?: queryKeyNorm = .unit
    }
    hasOutputGate = kind.outputGate
    if let size = kind.dualChunk, let local = kind.dualChunkLocal {
      dualChunk = DualChunk(size: size, local: local)
    } else {
      dualChunk = nil
    }
    blocks = kind.blocks
  }

  /// Columns of all queries, and of all keys or values.
  var queryWidth: Int { heads * headDimension }
  var keyWidth: Int { keyValueHeads * headDimension }

  /// - Throws: `SettingsError` where sizes do not fit each other.
  func check() throws {
    guard heads % keyValueHeads == 0 else {
      throw SettingsError(key: "key_value_heads", problem: "\(keyValueHeads) does not divide heads \(heads)")
    }
    if let rotary, rotary.width < 2 || rotary.width % 2 != 0 {
      throw SettingsError(
        key: "rope_share",
        problem: "of \(headDimension) elements of a head \(rotary.width) would turn; an even number of 2 or more is needed")
    }
    if dualChunk != nil {
      let others: [(String, Bool)] = [
        ("rope", rotary == nil), ("alibi", hasSlopes), ("window", window != nil), ("chunk", chunk != nil),
        ("learned_sinks", hasSinks), ("selected_blocks", blocks != nil),
        ("temperature_scale", temperature != nil),
      ]
      if let (key, _) = others.first(where: \.1) {
        throw SettingsError(key: "dual_chunk", problem: "it needs rotary embeddings and no other mask; change \(key)")
      }
    }
    if keptFirstTokens > 0, window == nil, chunk == nil {
      throw SettingsError(key: "kept_first_tokens", problem: "without window and chunk every token is seen; leave it out")
    }
  }

  /// Each head's loss of score for a token of distance (ALiBi): powers of two, and between them those of twice as many
  /// heads where heads are no power of two.
  static func slopes(heads: Int) -> [Float] {
    let whole = 1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount)
    func slope(_ i: Int, of count: Int) -> Float { Float(pow(2, -8 * Double(i) / Double(count))) }
    return (1...whole).map { slope($0, of: whole) } + (0..<heads - whole).map { slope(2 * $0 + 1, of: 2 * whole) }
  }

  /// The specification for some sequences.
  func specification(
    sequences: Int, queryLength: Int, keyLength: Int? = nil, firstKeys: Tensor? = nil, slopes: Tensor?
  ) -> AttentionSpecification {
    var specification = AttentionSpecification(
      sequences: sequences, queryLength: queryLength, keyLength: keyLength, heads: heads,
      keyValueHeads: keyValueHeads, headDimension: headDimension, scale: scale, window: window, firstKeys: firstKeys)
    specification.chunk = chunk
    specification.keptFirstKeys = keptFirstTokens
    specification.softCap = softCap
    specification.slopes = slopes
    return specification
  }

  /// The mean number of tokens that one of `length` attends to: `T/2` over `T` tokens, `w − w²/2T` inside a window of `w`,
  /// `c/2` inside chunks of `c`.
  func meanTokensSeen(of length: Int) -> Double {
    let length = Double(length)
    if let blocks {
      let near = Double((blocks.count + blocks.local + blocks.first) * blocks.size) - Double(blocks.size) / 2
      return min(length / 2, near)
    }
    let span = min(length, chunk.map(Double.init) ?? length)
    let near = min(span, window.map(Double.init) ?? span)
    return near - near * near / (2 * span) + (near < length ? min(Double(keptFirstTokens), length - near) : 0)
  }
}
