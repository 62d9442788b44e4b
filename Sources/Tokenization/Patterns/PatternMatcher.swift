/// Runs a pattern over text. One thread's: it keeps its scratch memory.
struct PatternMatcher {
  /// A way not taken yet.
  private struct Frame {
    enum Kind { case branch, greedyRun, lazyRun }
    var kind: Kind
    var step: Int
    var position: Int
    /// How far back a greedy run may give, or how many more a lazy run may take.
    var limit: Int
  }

  private var frames: ContiguousArray<Frame> = []
  /// Places of program and text that have failed; kept only once a match takes long, or where a loop may be empty.
  private var visited: Set<UInt64> = []
  private var visitedOrder: [UInt64] = []
  private var failures = 0
  private static let patience = 4096

  /// Calls a function with each match in a range of some bytes, from left to right; nothing outside the range is seen.
  mutating func forEachMatch(
    of pattern: Pattern, in bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
  ) {
    pattern.program.steps.withUnsafeBufferPointer { steps in
      pattern.program.sets.withUnsafeBufferPointer { sets in
        pattern.program.starts.withUnsafeBufferPointer { starts in
          let run = Run(
            scanner: ByteScanner(bytes: bytes, end: range.upperBound), start: range.lowerBound, steps: steps,
            sets: sets,
            starts: starts)
          let first = pattern.program.start
          var place = range.lowerBound
          var lastEnd = -1
          while place <= range.upperBound {
            if !first.isOptional {
              while place < range.upperBound, !first.allows(bytes[place]) { place += 1 }
              if place == range.upperBound { return }
            }
            guard let end = matchEnd(run, at: place), end != place || end != lastEnd else {
              if place == range.upperBound { return }
              place += run.scanner.scalar(at: place).width
              continue
            }
            body(place..<end)
            lastEnd = end
            place = end
          }
        }
      }
    }
  }

  /// What all steps of one search share.
  private struct Run {
    let scanner: ByteScanner
    let start: Int
    let steps: UnsafeBufferPointer<PatternProgram.Step>
    let sets: UnsafeBufferPointer<ScalarSet>
    let starts: UnsafeBufferPointer<PatternProgram.Start>

    /// Width of the symbol at a place if a set has it, else 0.
    @inline(__always)
    func width(_ set: Int, at position: Int) -> Int {
      guard position < scanner.end else { return 0 }
      let byte = scanner.bytes[position]
      if byte < 0x80 { return sets[set].containsASCII(byte) ? 1 : 0 }
      let (scalar, width) = scanner.multibyteScalar(at: position)
      return sets[set].containsOther(scalar) ? width : 0
    }

    /// Start of the symbol that ends at a place after `start`.
    func symbolStart(before position: Int) -> Int {
      var place = position - 1
      while place > max(start, position - 4), scanner.bytes[place] & 0xc0 == 0x80 { place -= 1 }
      return place + scanner.scalar(at: place).width == position ? place : position - 1
    }

    @inline(__always)
    func canBegin(_ start: Int, at position: Int) -> Bool {
      position < scanner.end ? starts[start].allows(scanner.bytes[position]) : starts[start].isOptional
    }

    func isWord(at position: Int) -> Bool {
      guard position < scanner.end else { return false }
      let (scalar, _) = scanner.scalar(at: position)
      return scalar < 0x80
        ? ScalarSet.word.containsASCII(UInt8(truncatingIfNeeded: scalar)) : ScalarSet.word.containsOther(scalar)
    }

    func holds(_ border: PatternBorder, at position: Int) -> Bool {
      switch border {
      case .textStart: return position == start
      case .textEnd: return position == scanner.end
      case .lineStart: return position == start || (scanner.bytes[position - 1] == 0x0a && position < scanner.end)
      case .lineEnd: return position == scanner.end || scanner.bytes[position] == 0x0a
      case .textEndOrLastNewline:
        return position == scanner.end || (position == scanner.end - 1 && scanner.bytes[position] == 0x0a)
      case .wordBorder, .noWordBorder:
        let before = position > start && isWord(at: symbolStart(before: position))
        return (before != isWord(at: position)) == (border == .wordBorder)
      }
    }
  }

  /// Where a match that starts at a place ends.
  private mutating func matchEnd(_ run: Run, at place: Int) -> Int? {
    failures = 0
    frames.removeAll(keepingCapacity: true)
    if !visited.isEmpty {
      visited.removeAll(keepingCapacity: true)
      visitedOrder.removeAll(keepingCapacity: true)
    }
    return execute(run, from: 0, at: place)
  }

  /// Whether a place of program and text is met for the first time.
  private mutating func enter(_ step: Int, _ position: Int, asLoop: Bool) -> Bool {
    let key = UInt64(truncatingIfNeeded: position) << 16 | UInt64(truncatingIfNeeded: step) << 1 | (asLoop ? 1 : 0)
    guard visited.insert(key).inserted else { return false }
    visitedOrder.append(key)
    return true
  }

  /// Runs a block of steps up to its `accept`.
  private mutating func execute(_ run: Run, from first: Int, at place: Int) -> Int? {
    let base = frames.count
    let remembered = visitedOrder.count
    var step = first
    var position = place
    while true {
      var succeeded = true
      switch run.steps[step] {
      case .set(let set):
        let width = run.width(set, at: position)
        succeeded = width > 0
        position += width
        step += 1
      case .run(let set, let minimum, let maximum, let greed):
        succeeded = takeRun(run, set, minimum, maximum, greed, &step, &position)
      case .split(let first, let second, let firstStart, let secondStart):
        if !run.canBegin(firstStart, at: position) {
          step = second
        } else {
          if run.canBegin(secondStart, at: position) {
            frames.append(Frame(kind: .branch, step: second, position: position, limit: 0))
          }
          step = first
        }
      case .guardedSplit(let first, let second):
        succeeded = enter(step, position, asLoop: true)
        if succeeded {
          frames.append(Frame(kind: .branch, step: second, position: position, limit: 0))
          step = first
        }
      case .jump(let target): step = target
      case .look(let end, let isNegated):
        succeeded = (execute(run, from: step + 1, at: position) != nil) != isNegated
        step = end
      case .lookBehind(let set, let isNegated):
        let found = position > run.start && run.width(set, at: run.symbolStart(before: position)) > 0
        succeeded = found != isNegated
        step += 1
      case .atomic(let end):
        if let next = execute(run, from: step + 1, at: position) {
          position = next
          step = end
        } else {
          succeeded = false
        }
      case .border(let border):
        succeeded = run.holds(border, at: position)
        step += 1
      case .accept:
        // What was tried inside did not fail, so it may be tried again from elsewhere.
        if first != 0, visitedOrder.count > remembered {
          for key in visitedOrder[remembered...] { visited.remove(key) }
          visitedOrder.removeSubrange(remembered...)
        }
        frames.removeSubrange(base...)
        return position
      }
      if succeeded { continue }
      guard retreat(run, base, &step, &position) else { return nil }
    }
  }

  @inline(__always)
  private mutating func takeRun(
    _ run: Run, _ set: Int, _ minimum: Int, _ maximum: Int, _ greed: PatternGreed, _ step: inout Int,
    _ position: inout Int
  ) -> Bool {
    var count = 0
    while count < minimum {
      let width = run.width(set, at: position)
      if width == 0 { return false }
      position += width
      count += 1
    }
    let least = position
    if greed == .lazy {
      if maximum > count {
        frames.append(Frame(kind: .lazyRun, step: step, position: position, limit: maximum - count))
      }
    } else {
      while count < maximum {
        let width = run.width(set, at: position)
        if width == 0 { break }
        position += width
        count += 1
      }
      if greed == .greedy, position > least {
        frames.append(Frame(kind: .greedyRun, step: step + 1, position: position, limit: least))
      }
    }
    step += 1
    return true
  }

  /// Goes to the latest way not taken; false if there is none.
  private mutating func retreat(_ run: Run, _ base: Int, _ step: inout Int, _ position: inout Int) -> Bool {
    while frames.count > base {
      var frame = frames.removeLast()
      failures += 1
      switch frame.kind {
      case .branch: break
      case .greedyRun:
        frame.position = run.symbolStart(before: frame.position)
        if frame.position > frame.limit { frames.append(frame) }
      case .lazyRun:
        guard case .run(let set, _, _, _) = run.steps[frame.step] else { continue }
        let width = run.width(set, at: frame.position)
        if width == 0 { continue }
        frame.position += width
        frame.limit -= 1
        if frame.limit > 0 { frames.append(frame) }
        frame.step += 1
      }
      if failures > Self.patience, !enter(frame.step, frame.position, asLoop: false) { continue }
      step = frame.step
      position = frame.position
      return true
    }
    return false
  }
}
