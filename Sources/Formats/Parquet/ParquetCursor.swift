/// Gives the entries of one column of one row group one by one: their levels, and values where there are any.
final class ParquetCursor {
  private let leaf: ParquetLeaf
  private var pages: ParquetPages
  private var page: ParquetPages.Page?
  private var leftInPage = 0
  private var definitions: [UInt8] = []
  private var repetitions: [UInt8] = []
  private var values: [JSON] = []
  private var entry = 0
  private var entryCount = 0
  private var nextValue = 0
  /// Definition level of the entry.
  private(set) var definition = 0
  /// Repetition level of the entry; 0 at the end.
  private(set) var repetition = 0
  /// Whether all entries have been taken.
  private(set) var isAtEnd = false

  /// Stands at the first entry.
  init(_ leaf: ParquetLeaf, _ pages: ParquetPages) throws {
    self.leaf = leaf
    self.pages = pages
    try fill()
  }

  /// The entry's value; `nil` when its definition level says that there is none.
  var value: JSON? { definition == leaf.definition && nextValue < values.count ? values[nextValue] : nil }

  /// Steps to the next entry.
  @inline(__always)
  func advance() throws {
    if definition == leaf.definition { nextValue += 1 }
    entry += 1
    if entry == entryCount { try fill() } else { show() }
  }

  @inline(__always)
  private func show() {
    definition = leaf.definition == 0 ? 0 : Int(definitions[entry])
    repetition = leaf.repetition == 0 ? 0 : Int(repetitions[entry])
  }

  private func fill() throws {
    (entry, entryCount, nextValue) = (0, 0, 0)
    values.removeAll(keepingCapacity: true)
    if leftInPage == 0 {
      page = try pages.next()
      leftInPage = page?.valueCount ?? 0
    }
    guard page != nil, leftInPage > 0 else {
      (definition, repetition, isAtEnd) = (0, 0, true)
      return
    }
    let count = min(leftInPage, page?.decoder.stride ?? 0)
    leftInPage -= count
    entryCount = count
    var there = count
    if leaf.repetition > 0 { _ = try read(count, leaf.repetition, \.repetitions, &repetitions) }
    if leaf.definition > 0 { there = try read(count, leaf.definition, \.definitions, &definitions) }
    try page?.decoder.decode(there, into: &values)
    show()
  }

  /// Reads levels and counts those that are the largest.
  private func read(
    _ count: Int, _ largest: Int, _ runs: WritableKeyPath<ParquetPages.Page, RunLengthReader>, _ levels: inout [UInt8]
  ) throws -> Int {
    levels.removeAll(keepingCapacity: true)
    var atLargest = 0
    try page?[keyPath: runs].read(count) { level, times in
      guard level <= UInt32(largest) else {
        throw ParquetDamage("has a level of \(level) where \(largest) is the most")
      }
      if level == UInt32(largest) { atLargest += times }
      if times == 1 {
        levels.append(UInt8(level))
      } else {
        levels.append(contentsOf: repeatElement(UInt8(level), count: times))
      }
    }
    return atLargest
  }
}
