/// Reads rows one after the other, holding one page of each column.
///
/// A row is an object with the columns in the file's order. Levels become values by the rules of Dremel (Melnik et al.
/// 2010, "Dremel: Interactive Analysis of Web-Scale Datasets", section 4.3), and columns that contradict each other are
/// refused. One thread at a time may use it.
public final class ParquetRows {
  /// What the lists of one row may weigh, since a few bytes can claim a list of any length.
  private static let entryLimit = 1 << 24

  private let file: ParquetFile
  private let root: ParquetNode
  private let lastGroup: Int
  private var group: Int
  private var rowsLeft = 0
  private var entriesLeft = 0
  /// By the number of the leaf; only those of the wanted columns.
  private var cursors: [ParquetCursor?] = []
  private let wanted: [Int]
  private var failure: (any Error)?

  init(_ file: ParquetFile, _ root: ParquetNode, groups: Range<Int>) {
    self.file = file
    self.root = root
    group = groups.lowerBound - 1
    lastGroup = groups.upperBound - 1
    wanted = root.wantedLeaves
  }

  /// The next row; `nil` after the last.
  /// - Throws: `ParquetError` naming file, column and what is wrong; from then on always the same.
  public func next() throws -> JSON? {
    if let failure { throw failure }
    do {
      return try nextRow()
    } catch {
      failure = error
      throw error
    }
  }

  private func nextRow() throws -> JSON? {
    while rowsLeft == 0 {
      try finishGroup()
      guard group < lastGroup else { return nil }
      group += 1
      rowsLeft = file.rowCount(ofGroup: group)
      cursors = [ParquetCursor?](repeating: nil, count: file.leaves.count)
      for leaf in wanted {
        cursors[leaf] = try named(leaf) { try ParquetCursor(file.leaves[leaf], try file.pages(leaf, ofGroup: group)) }
      }
    }
    rowsLeft -= 1
    entriesLeft = Self.entryLimit
    for leaf in wanted where cursors[leaf]?.repetition != 0 || cursors[leaf]?.isAtEnd == true {
      throw contradiction(leaf)
    }
    return try value(of: root)
  }

  private func finishGroup() throws {
    for leaf in wanted where cursors.indices.contains(leaf) && cursors[leaf]?.isAtEnd == false {
      throw contradiction(leaf)
    }
  }

  private func value(of node: ParquetNode) throws -> JSON {
    switch node.content {
    case .leaf(let leaf):
      guard let cursor = cursors[leaf.index] else { return .null }
      let value = cursor.value
      guard value != nil || node.isOptional && cursor.definition == leaf.definition - 1 else {
        throw contradiction(leaf.index)
      }
      try advance(leaf.index, cursor)
      return value ?? .null
    case .structure(let parts, let template):
      if try isMissing(node) { return .null }
      var members = template
      for place in parts.indices { members.values[place] = try value(of: parts[place]) }
      return .object(members)
    case .list(let element, let repetition, let definition):
      if try isMissing(node) { return .null }
      guard let first = cursors[node.leaves.lowerBound] else { return .null }
      if first.definition < definition {
        try skip(node.leaves, at: definition - 1)
        return .array([])
      }
      var elements: [JSON] = []
      let weight = element.weight
      repeat {
        if !elements.isEmpty {
          for leaf in node.leaves where cursors[leaf]?.repetition != repetition { throw contradiction(leaf) }
        }
        entriesLeft -= weight
        guard entriesLeft >= 0 else {
          throw ParquetError(
            path: file.path, column: file.leaves[node.leaves.lowerBound].path,
            problem: "has a row with lists of more than \(Self.entryLimit) entries, which is refused")
        }
        elements.append(try value(of: element))
      } while first.repetition == repetition
      return .array(elements)
    }
  }

  /// Whether an optional structure or list is `null`; then its columns are stepped over.
  private func isMissing(_ node: ParquetNode) throws -> Bool {
    guard node.isOptional, let first = cursors[node.leaves.lowerBound], first.definition < node.definition else {
      return false
    }
    try skip(node.leaves, at: node.definition - 1)
    return true
  }

  /// Steps over one entry of each column, which must all say that nothing is there from the same level on.
  private func skip(_ leaves: Range<Int>, at definition: Int) throws {
    for leaf in leaves {
      guard let cursor = cursors[leaf], cursor.definition == definition else { throw contradiction(leaf) }
      try advance(leaf, cursor)
    }
  }

  @inline(__always)
  private func advance(_ leaf: Int, _ cursor: ParquetCursor) throws {
    do { try cursor.advance() } catch { throw file.located(error, leaf: leaf) }
  }

  private func named<Result>(_ leaf: Int, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch { throw file.located(error, leaf: leaf) }
  }

  private func contradiction(_ leaf: Int) -> ParquetError {
    ParquetError(
      path: file.path, column: file.leaves[leaf].path,
      problem: "has levels that contradict those of other columns or the count of rows, in row group \(group)")
  }
}

extension ParquetNode {
  /// The numbers of the leaves under this part, which for a choice of columns are no range.
  var wantedLeaves: [Int] {
    if case .structure(let parts, _) = content { return parts.flatMap(\.leaves) }
    return Array(leaves)
  }
}
