import Randomness

/// A permutation of `0 ..< count` chosen by a key, computed position by position without a table.
///
/// An alternating Feistel network adds a keyed hash of one half to the other, modulo the halves' ranges `rows` and
/// `columns`; the product exceeds `count` by less than 2·√count, and the rare results outside are fed in again until
/// one lies inside (cycle walking: Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
public struct KeyedPermutation: Sendable {
  /// Positions that are permuted.
  public let count: UInt64
  private let key: UInt64
  private let rows: UInt64
  private let columns: UInt64
  private static let rounds: UInt64 = 8

  /// Chooses a permutation.
  /// - Parameter count: from 1 to 2^62.
  public init(count: UInt64, key: UInt64) {
    precondition(count >= 1 && count <= 1 << 62)
    self.count = count
    self.key = key
    var root = UInt64(Double(count).squareRoot())
    while root * root < count { root += 1 }
    while root > 1, (root - 1) * (root - 1) >= count { root -= 1 }
    rows = root
    columns = (count + root - 1) / root
  }

  /// Where `position` goes.
  public subscript(position: UInt64) -> UInt64 {
    precondition(position < count)
    var value = position
    repeat { value = network(value) } while value >= count
    return value
  }

  private func network(_ value: UInt64) -> UInt64 {
    var (row, column) = value.quotientAndRemainder(dividingBy: columns)
    var round: UInt64 = 0
    while round < KeyedPermutation.rounds {
      row += bounded(column, round, rows)
      if row >= rows { row -= rows }
      column += bounded(row, round + 1, columns)
      if column >= columns { column -= columns }
      round += 2
    }
    return row * columns + column
  }

  /// A keyed hash of one half in `0 ..< range`.
  private func bounded(_ half: UInt64, _ round: UInt64, _ range: UInt64) -> UInt64 {
    let hash = SplitMix64.finalize(SplitMix64.finalize(half &+ key) &+ (round &+ 1) &* SplitMix64.golden ^ key)
    return hash.multipliedFullWidth(by: range).high
  }
}
