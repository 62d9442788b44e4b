/// Deals the samples of a mixture to its sources by weight, evenly and with random access.
///
/// The sources are the leaves of a Huffman tree over their weights. At a node whose left share is `a/b`, the left side
/// has received `L(m) = ⌊(m·a + ⌊b/2⌋) / b⌋` of the node's first `m` samples, so sample `m` goes left exactly when
/// `L(m+1) > L(m)`, as number `L(m)` of the left side, otherwise right, as number `m − L(m)`. Each split is a
/// bijection, hence every number of every source comes exactly once; a path takes as many steps as its leaf is deep.
/// A split is off by at most half a sample, and what a parent is off by is scaled by the child's share. In a Huffman
/// tree weights grow at least as the Fibonacci numbers from leaf to root, so after any number of samples each source
/// is within 1.31 samples of its share.
public struct Interleave: Sendable {
  private struct Node: Sendable {
    var leftWeight: UInt64
    var weight: UInt64
    /// A node, or the source `-1 - child`.
    var left: Int
    var right: Int
  }

  /// Sources, those of weight 0 included.
  public let sourceCount: Int
  private var nodes: [Node] = []
  private var root = 0

  /// Builds the tree.
  /// - Parameter weights: one a source, finite and not negative, at least one above 0; their scale does not matter.
  /// - Throws: `CorpusError` naming the weight that is wrong.
  public init(weights: [Double]) throws {
    sourceCount = weights.count
    for (source, weight) in weights.enumerated() where !(weight >= 0 && weight.isFinite) {
      throw CorpusError("Weight \(weight) of source \(source)", "is wrong; weights are finite numbers of 0 or more")
    }
    guard let largest = weights.max(), largest > 0 else {
      throw CorpusError("The mixture", "has no source with a weight above 0")
    }
    let sum = weights.reduce(0) { $0 + $1 / largest }
    var queue: [(weight: UInt64, order: Int, child: Int)] = []
    for (source, weight) in weights.enumerated() where weight > 0 {
      queue.append((max(1, UInt64((weight / largest / sum * 0x1p60).rounded())), source, -1 - source))
    }
    var order = weights.count
    while queue.count > 1 {
      queue.sort { ($0.weight, $0.order) > ($1.weight, $1.order) }
      let left = queue.removeLast()
      let right = queue.removeLast()
      let weight = left.weight + right.weight
      nodes.append(Node(leftWeight: left.weight, weight: weight, left: left.child, right: right.child))
      queue.append((weight, order, nodes.count - 1))
      order += 1
    }
    root = queue[0].child
  }

  /// The source of sample `n`, and how many samples of that source come before it.
  public func locate(_ n: UInt64) -> (source: Int, ordinal: UInt64) {
    var child = root
    var ordinal = n
    while child >= 0 {
      let node = nodes[child]
      let before = Interleave.leftCount(ordinal, node)
      if Interleave.leftCount(ordinal + 1, node) > before {
        (child, ordinal) = (node.left, before)
      } else {
        (child, ordinal) = (node.right, ordinal - before)
      }
    }
    return (-1 - child, ordinal)
  }

  /// How many of the first `n` samples come from each source.
  public func counts(before n: UInt64) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: sourceCount)
    var open = [(child: root, count: n)]
    while let (child, count) = open.popLast() {
      if child < 0 {
        counts[-1 - child] = count
        continue
      }
      let left = Interleave.leftCount(count, nodes[child])
      open.append((nodes[child].left, left))
      open.append((nodes[child].right, count - left))
    }
    return counts
  }

  private static func leftCount(_ samples: UInt64, _ node: Node) -> UInt64 {
    var (high, low) = samples.multipliedFullWidth(by: node.leftWeight)
    let (sum, carry) = low.addingReportingOverflow(node.weight / 2)
    low = sum
    if carry { high += 1 }
    return node.weight.dividingFullWidth((high, low)).quotient
  }
}
