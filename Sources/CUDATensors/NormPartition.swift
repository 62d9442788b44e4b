import Tensors

/// Which threads hold a row that is normalised: `lanes` of them, `rounds` accesses of `width` elements each.
struct NormPartition {
  let width: Int
  let lanes: Int
  let rounds: Int

  /// - Parameter width: elements of an access, which divides `columns`.
  init(columns: Int, width: Int) {
    let runs = columns / width
    let rounds = runs <= 128 ? 1 : runs <= 1024 ? 2 : max(4, (runs + 1023) / 1024)
    let needed = (runs + rounds - 1) / rounds
    self.width = width
    self.rounds = rounds
    lanes = needed <= 32 ? powerOfTwo(atLeast: needed) : (needed + 31) / 32 * 32
  }

  /// Threads of a block.
  var threads: Int { lanes > 32 ? lanes : 128 }
  /// Rows that a block has at once.
  var groups: Int { threads / lanes }

  /// The kernels' macros.
  func defines(isCentred: Bool) -> [String: Int] {
    ["WIDTH": width, "LANES": lanes, "ROUNDS": rounds, "CENTRED": isCentred ? 1 : 0]
  }
}
