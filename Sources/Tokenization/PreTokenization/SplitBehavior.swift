/// What becomes of the pieces that a pattern finds, as `tokenizers` names it.
enum SplitBehavior: String, Sendable {
  case removed = "Removed"
  case isolated = "Isolated"
  case mergedWithPrevious = "MergedWithPrevious"
  case mergedWithNext = "MergedWithNext"
  case contiguous = "Contiguous"
}

/// Puts matches and what lies between them together into pieces.
struct PieceCollector {
  private let behavior: SplitBehavior
  private let isInverted: Bool
  private var parts: ContiguousArray<(range: Range<Int>, isMatch: Bool)> = []
  private var end: Int

  init(_ behavior: SplitBehavior, isInverted: Bool, start: Int) {
    self.behavior = behavior
    self.isInverted = isInverted
    end = start
  }

  /// Takes the next match.
  mutating func add(_ match: Range<Int>) {
    if end < match.lowerBound { parts.append((end..<match.lowerBound, isInverted)) }
    parts.append((match, !isInverted))
    end = match.upperBound
  }

  /// Appends the pieces up to an end; empty ones are left out.
  mutating func finish(_ textEnd: Int, into pieces: inout ContiguousArray<Range<Int>>) {
    if end < textEnd { parts.append((end..<textEnd, isInverted)) }
    switch behavior {
    case .removed:
      for part in parts where !part.isMatch && !part.range.isEmpty { pieces.append(part.range) }
    case .isolated:
      for part in parts where !part.range.isEmpty { pieces.append(part.range) }
    case .contiguous, .mergedWithPrevious:
      var current: Range<Int>?
      var wasMatch = false
      for part in parts {
        let joins = behavior == .contiguous ? part.isMatch == wasMatch : part.isMatch && !wasMatch
        if joins, let before = current {
          current = before.lowerBound..<part.range.upperBound
        } else {
          if let current, !current.isEmpty { pieces.append(current) }
          current = part.range
        }
        wasMatch = part.isMatch
      }
      if let current, !current.isEmpty { pieces.append(current) }
    case .mergedWithNext:
      var found: [Range<Int>] = []
      var current: Range<Int>?
      var wasMatch = false
      for part in parts.reversed() {
        if part.isMatch, !wasMatch, let before = current {
          current = part.range.lowerBound..<before.upperBound
        } else {
          if let current, !current.isEmpty { found.append(current) }
          current = part.range
        }
        wasMatch = part.isMatch
      }
      if let current, !current.isEmpty { found.append(current) }
      pieces.append(contentsOf: found.reversed())
    }
  }
}
