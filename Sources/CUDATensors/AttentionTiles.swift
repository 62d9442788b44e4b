import Tensors

/// How a kernel of attention divides its work. It follows from the widths of heads alone, so that sums have one order
/// on every card.
struct AttentionTiles {
  /// Sixteens of rows that a warp holds, and warps of a block.
  var rowTiles: Int, warps: Int
  /// Keys, or queries, that a block has in shared memory at a time, and how many of them are worked on at once.
  var tile: Int, step: Int
  /// Whether products are taken by Hopper's instructions for four warps together.
  var hasWarpgroups = false
  /// Shared memory of a block.
  var sharedBytes: Int

  /// Rows of a block.
  var rows: Int { 16 * rowTiles * warps }

  /// Widths of heads as kernels have them: multiples of 16.
  struct Widths {
    let head: Int, value: Int
    let isFloat: Bool
    /// Whether a card has instructions for four warps together and these widths fit them.
    let hasWarpgroups: Bool

    init(_ specification: AttentionSpecification, isFloat: Bool, cardHasWarpgroups: Bool) {
      head = Self.padded(specification.headDimension)
      value = Self.padded(specification.valueDimension)
      self.isFloat = isFloat
      hasWarpgroups = cardHasWarpgroups && !isFloat && [head, value].allSatisfy { $0 == 64 || $0 == 128 }
    }

    /// Bytes of so many rows of `width` elements; pieces of 16 bytes are placed so that banks do not collide.
    func bytes(_ width: Int, rows: Int) -> Int {
      let pieces = width * (isFloat ? 4 : 2) / 16
      return rows * 16 * (pieces % 8 == 0 ? pieces : pieces | 1)
    }

    static func padded(_ width: Int) -> Int { (width + 15) / 16 * 16 }
  }

  /// Shared memory that a block has on every card from Ampere on, a little left for the kernel's own.
  private static let sharedBytes = 100_000
  /// Columns of sums that a warp's registers hold.
  static let columns = 256

  /// Parts of `width` columns of which each fits into registers.
  static func slices(_ width: Int) -> [Range<Int>] {
    let count = max(1, (width + columns - 1) / columns)
    let part = Widths.padded((width + count - 1) / count)
    return stride(from: 0, to: max(width, 1), by: part).map { $0..<min($0 + part, Widths.padded(width)) }
  }

  /// The first of `choices` that fits into shared memory; the last, which needs least, if none does.
  private static func first(
    of choices: [(warps: Int, tile: Int)], rowTiles: Int, step: Int, within bytes: Int = sharedBytes,
    _ size: (_ rows: Int, _ tile: Int) -> Int
  ) -> AttentionTiles {
    var tiles = AttentionTiles(rowTiles: rowTiles, warps: 1, tile: 16, step: 16, sharedBytes: 0)
    for (warps, tile) in choices {
      (tiles.warps, tiles.tile, tiles.step) = (warps, tile, min(step, tile))
      tiles.sharedBytes = size(tiles.rows, tile)
      if tiles.sharedBytes <= bytes { break }
    }
    return tiles
  }

  /// Four warps together take 64 rows and 64 columns at a time. Their tiles begin at multiples of 1024 bytes.
  private static func warpgroup(_ size: (_ rows: Int, _ tile: Int) -> Int) -> AttentionTiles {
    AttentionTiles(
      rowTiles: 1, warps: 4, tile: 64, step: 64, hasWarpgroups: true, sharedBytes: size(64, 64) + 1024)
  }

  /// The forward pass for `values` columns of values.
  /// - Parameter isSmall: a block is one warp, of which a multiprocessor takes several.
  static func forward(_ widths: Widths, values: Int, isSmall: Bool) -> AttentionTiles {
    let rowTiles = !isSmall && !widths.isFloat && values <= 128 ? 2 : 1
    // More than that does not fit into registers.
    let largest = rowTiles * values > 128 ? 48 : 64
    let choices = isSmall ? [(1, 64), (1, 32), (1, 16)] : [(4, largest), (4, 32), (2, 32), (2, 16), (1, 16)]
    func size(_ rows: Int, _ tile: Int) -> Int {
      widths.bytes(widths.head, rows: rows + 2 * tile) + widths.bytes(values, rows: 2 * tile)
    }
    if widths.hasWarpgroups && !isSmall { return warpgroup(size) }
    return first(of: choices, rowTiles: rowTiles, step: 64, within: isSmall ? 72_000 : sharedBytes, size)
  }

  /// The queries' gradient, `columns` of it.
  static func queryGradient(_ widths: Widths, columns: Int) -> AttentionTiles {
    let rowTiles = !widths.isFloat && max(columns, widths.value) <= 128 ? 2 : 1
    let choices = [(4, 64), (4, 32), (4, 16), (2, 32), (2, 16), (1, 16)]
    func size(_ rows: Int, _ tile: Int) -> Int {
      widths.bytes(widths.head, rows: rows + 2 * tile) + widths.bytes(widths.value, rows: rows + 2 * tile)
    }
    if widths.hasWarpgroups { return warpgroup(size) }
    return first(of: choices, rowTiles: rowTiles, step: rowTiles * columns > 128 ? 16 : 32, size)
  }

  /// The gradients of keys and values, `columns` of both together.
  static func keyGradients(_ widths: Widths, columns: Int) -> AttentionTiles {
    let rowTiles = !widths.isFloat && columns <= 128 ? 2 : 1
    let choices = [(4, 64), (4, 32), (2, 32), (2, 16), (1, 16)]
    func size(_ rows: Int, _ tile: Int) -> Int {
      widths.bytes(widths.head, rows: rows + 2 * tile) + widths.bytes(widths.value, rows: rows + 2 * tile) + 16 * tile
    }
    if widths.hasWarpgroups { return warpgroup(size) }
    return first(of: choices, rowTiles: rowTiles, step: rowTiles * columns > 256 ? 16 : 32, size)
  }
}
