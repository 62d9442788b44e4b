import Tensors
import Testing
import TestSupport

extension EngineTests {
  /// Blocks of keys that queries choose by the products with their mean keys.
  @Suite struct BlockChoice {
    @Test func largestScoresOfTheDocument() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for hasDocuments in [false, true] {
          let case_ = BlockChoiceCase(hasDocuments: hasDocuments, &random)
          inEachVariant { case_.check("seed \(random.seed) \($0)") }
        }
      }
    }
  }
}

private struct BlockChoiceCase {
  let sequences = 2
  let length = 57
  let width = 6
  let selection = BlockSelection(size: 4, count: 2, local: 2, first: 1)
  /// 4 heads of queries and 2 of keys side by side.
  let rows: [[Float]]
  let begins: [Int32]
  let hasDocuments: Bool

  init(hasDocuments: Bool, _ random: inout TestRandom) {
    self.hasDocuments = hasDocuments
    var begins: [Int32] = []
    var rows: [[Float]] = []
    for _ in 0..<sequences {
      var first = 0
      for i in 0..<length {
        if hasDocuments, Int.random(in: 0..<20, using: &random) == 0 { first = i }
        begins.append(Int32(first))
        rows.append(random.normals(48))
      }
    }
    (self.begins, self.rows) = (begins, rows)
  }

  func check(_ label: String) {
    let arena = Arena()
    let qkv = Tensor(rows.flatMap { $0 }, shape: [rows.count, 48], in: arena)
    let specification = AttentionSpecification(
      sequences: sequences, queryLength: length, heads: 4, keyValueHeads: 2, headDimension: width,
      firstKeys: hasDocuments ? Tensor(begins, in: arena) : nil)
    let execution = Execution(arena: arena, compute: .float32)
    let means = execution.blockMeans(of: qkv, column: 24, specification, selection)
    let bits = execution.chosenBlocks(query: qkv, means: means, specification, selection).bits
    for token in rows.indices {
      for head in 0..<4 {
        let row = (token / length * 4 + head) * length + token % length
        if let wrong = problem(bits.integers[row * bits.columns], token, head) {
          Issue.record("\(label) token \(token) head \(head): \(wrong)")
        }
      }
    }
  }

  /// What is wrong with the blocks that a query has chosen.
  private func problem(_ word: Int32, _ token: Int, _ head: Int) -> String? {
    let own = (token % length - Int(begins[token])) / selection.size
    let near = (0...own).filter { $0 < 1 || $0 > own - 2 }
    let others = (0...own).filter { !near.contains($0) }
    let chosen = others.filter { word >> $0 & 1 == 1 }
    if near.contains(where: { word >> $0 & 1 == 0 }) { return "not all near blocks" }
    if chosen.count != min(2, others.count) { return "\(chosen.count) of the others" }
    if word >> (own + 1) != 0 { return "blocks that come later" }
    let least = chosen.map { score($0, token, head) }.min() ?? 0
    let rest = others.filter { !chosen.contains($0) }.map { score($0, token, head) }.max() ?? -.infinity
    return least >= rest - 1e-4 ? nil : "\(least) is chosen, \(rest) is not"
  }

  private func score(_ block: Int, _ token: Int, _ head: Int) -> Float {
    let first = token / length * length + Int(begins[token]) + block * selection.size
    var sum: Float = 0
    for d in 0..<width {
      let mean = (first..<first + 4).reduce(Float(0)) { $0 + rows[$1][24 + head / 2 * width + d] / 4 }
      sum += mean * rows[token][head * width + d]
    }
    return sum
  }
}
