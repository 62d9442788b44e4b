/// The steps of a compiled pattern.
struct PatternProgram: Sendable {
  /// One step; targets are places in the program.
  enum Step: Sendable {
    /// One scalar of a set.
    case set(Int)
    /// As many scalars of a set as its greed allows.
    case run(set: Int, minimum: Int, maximum: Int, PatternGreed)
    /// First one way, then the other; each may be left out where the next byte cannot begin it.
    case split(first: Int, second: Int, firstStart: Int, secondStart: Int)
    /// A split of a loop whose body may be empty: the same place is not entered twice.
    case guardedSplit(first: Int, second: Int)
    case jump(Int)
    /// The steps up to an end match here, or do not, and nothing is taken.
    case look(end: Int, isNegated: Bool)
    case lookBehind(set: Int, isNegated: Bool)
    /// The steps up to an end match in their first way only.
    case atomic(end: Int)
    case border(PatternBorder)
    case accept
  }

  private(set) var steps: [Step] = []
  private(set) var sets: [ScalarSet] = []
  /// What a match can begin with, by number.
  private(set) var starts: [Start] = []
  /// What the whole pattern can begin with.
  private(set) var start = Start()
  private let text: String
  private static let sizeLimit = 20_000

  /// Which bytes can begin a match.
  struct Start: Sendable {
    var low: UInt64 = 0
    var high: UInt64 = 0
    var hasOthers = false
    /// Whether nothing at all can match too.
    var isOptional = false

    /// Whether a match can begin with a byte.
    @inline(__always)
    func allows(_ byte: UInt8) -> Bool {
      if byte >= 0x80 { return hasOthers || isOptional }
      return (byte < 64 ? low >> UInt64(byte) : high >> UInt64(byte & 63)) & 1 != 0 || isOptional
    }

    mutating func formUnion(_ other: Start) {
      low |= other.low
      high |= other.high
      hasOthers = hasOthers || other.hasOthers
    }
  }

  init(_ node: PatternNode, text: String) throws(PatternError) {
    self.text = text
    try compile(node)
    steps.append(.accept)
    start = Self.start(of: node)
  }

  init(literal: String) {
    text = literal
    for scalar in literal.unicodeScalars {
      sets.append(ScalarSet(scalar.value))
      steps.append(.set(sets.count - 1))
    }
    steps.append(.accept)
    start = literal.unicodeScalars.first.map { Self.start(of: .set(ScalarSet($0.value))) } ?? Start(isOptional: true)
  }

  private mutating func append(_ step: Step) throws(PatternError) {
    guard steps.count < Self.sizeLimit else {
      throw PatternError(pattern: text, problem: "its repetitions make it longer than \(Self.sizeLimit) steps")
    }
    steps.append(step)
  }

  private mutating func number(of set: ScalarSet) -> Int {
    sets.append(set)
    return sets.count - 1
  }

  private mutating func compile(_ node: PatternNode) throws(PatternError) {
    switch node {
    case .empty: break
    case .set(let set): try append(.set(number(of: set)))
    case .sequence(let parts): for part in parts { try compile(part) }
    case .alternatives(let branches): try compile(alternatives: branches[...])
    case .loop(let body, let minimum, let maximum, let greed):
      if case .set(let set) = body {
        try append(.run(set: number(of: set), minimum: minimum, maximum: maximum ?? .max, greed))
      } else if greed == .possessive {
        try compile(.atomic(.loop(body, minimum: minimum, maximum: maximum, .greedy)))
      } else {
        try compile(loop: body, minimum, maximum, greed)
      }
    case .look(let body, let isNegated): try compile(block: body) { .look(end: $0, isNegated: isNegated) }
    case .lookBehind(let set, let isNegated): try append(.lookBehind(set: number(of: set), isNegated: isNegated))
    case .atomic(let body): try compile(block: body) { .atomic(end: $0) }
    case .border(let border): try append(.border(border))
    }
  }

  private mutating func compile(block body: PatternNode, _ step: (Int) -> Step) throws(PatternError) {
    let place = steps.count
    try append(.accept)
    try compile(body)
    try append(.accept)
    steps[place] = step(steps.count)
  }

  private mutating func compile(alternatives branches: ArraySlice<PatternNode>) throws(PatternError) {
    var jumps: [Int] = []
    for (index, branch) in zip(branches.indices, branches) {
      guard index < branches.endIndex - 1 else {
        try compile(branch)
        break
      }
      let place = steps.count
      try append(.accept)
      try compile(branch)
      jumps.append(steps.count)
      try append(.accept)
      var rest = Start()
      for other in branches[(index + 1)...] {
        let start = Self.start(of: other)
        rest.formUnion(start)
        rest.isOptional = rest.isOptional || start.isOptional
      }
      starts.append(Self.start(of: branch))
      starts.append(rest)
      steps[place] = .split(
        first: place + 1, second: steps.count, firstStart: starts.count - 2, secondStart: starts.count - 1)
    }
    for place in jumps { steps[place] = .jump(steps.count) }
  }

  private mutating func compile(
    loop body: PatternNode, _ minimum: Int, _ maximum: Int?, _ greed: PatternGreed
  ) throws(PatternError) {
    for _ in 0..<minimum { try compile(body) }
    let bodyStart = Self.start(of: body)
    func split(_ body: Int, _ after: Int, _ program: inout PatternProgram) -> Step {
      if greed == .lazy || bodyStart.isOptional {
        return greed == .lazy ? .guardedSplit(first: after, second: body) : .guardedSplit(first: body, second: after)
      }
      program.starts.append(bodyStart)
      program.starts.append(Start(isOptional: true))
      return .split(
        first: body, second: after, firstStart: program.starts.count - 2, secondStart: program.starts.count - 1)
    }
    if let maximum {
      var places: [Int] = []
      for _ in minimum..<maximum {
        places.append(steps.count)
        try append(.accept)
        try compile(body)
      }
      for place in places { steps[place] = split(place + 1, steps.count, &self) }
      return
    }
    let place = steps.count
    try append(.accept)
    try compile(body)
    try append(.jump(place))
    steps[place] = split(place + 1, steps.count, &self)
  }

  /// What a match of a part can begin with.
  private static func start(of node: PatternNode) -> Start {
    switch node {
    case .empty, .look, .lookBehind, .border: return Start(isOptional: true)
    case .set(let set): return Start(low: set.ascii.low, high: set.ascii.high, hasOthers: true)
    case .sequence(let parts):
      var result = Start(isOptional: true)
      for part in parts where result.isOptional {
        let next = start(of: part)
        result.formUnion(next)
        result.isOptional = next.isOptional
      }
      return result
    case .alternatives(let branches):
      var result = Start()
      for branch in branches {
        let next = start(of: branch)
        result.formUnion(next)
        result.isOptional = result.isOptional || next.isOptional
      }
      return result
    case .loop(let body, let minimum, let maximum, _):
      var result = start(of: body)
      if minimum == 0 { result.isOptional = true }
      if maximum == 0 { result = Start(isOptional: true) }
      return result
    case .atomic(let body): return start(of: body)
    }
  }
}
