/// A regular expression taken apart.
indirect enum PatternNode {
  case empty
  case set(ScalarSet)
  case sequence([PatternNode])
  case alternatives([PatternNode])
  case loop(PatternNode, minimum: Int, maximum: Int?, PatternGreed)
  /// `(?=…)`, `(?!…)`
  case look(PatternNode, isNegated: Bool)
  /// `(?<=…)`, `(?<!…)`, of one scalar
  case lookBehind(ScalarSet, isNegated: Bool)
  /// `(?>…)`
  case atomic(PatternNode)
  case border(PatternBorder)
}

/// How a repetition tries its counts.
enum PatternGreed: Sendable {
  /// As many as possible first.
  case greedy
  /// As few as possible first.
  case lazy
  /// As many as possible and no other count.
  case possessive
}

/// A place that a pattern asks for.
enum PatternBorder: Sendable {
  case textStart, textEnd, lineStart, lineEnd, textEndOrLastNewline, wordBorder, noWordBorder
}
