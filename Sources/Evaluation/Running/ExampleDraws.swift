import Formats

/// Which rows are the examples before each question.
struct ExampleDraws: Sendable {
  private let count: Int
  private let examplesAreAsked: Bool
  /// Whether a row that is the same as the question's is passed over.
  private let passesEqualRows: Bool
  /// Rows before every question, or before each by its row's number.
  private let drawn: Drawn

  private enum Drawn: Sendable {
    case shared([Int])
    case each([[Int]])
  }

  /// Draws as a task's few-shot rule says.
  /// - Parameters:
  ///   - rows: how many rows there are to take examples from; `asked`: how many the asked split has in all.
  ///   - examplesAreAsked: whether those are the same rows, so that a question must not be its own example.
  ///   - answers: the right answers of the rows, where the draw depends on them.
  /// - Throws: `EvaluationError` where there are too few rows.
  init(
    _ task: EvaluationTask, rows: Int, asked: Int, examplesAreAsked: Bool, seed: UInt64,
    answers: () throws -> [String]
  ) throws {
    let fewShot = task.fewShot
    count = fewShot.count
    self.examplesAreAsked = examplesAreAsked
    // The harness draws one row more where a task has no test split, as if its examples might be among its questions.
    passesEqualRows = fewShot.selection == .harness && !task.splits.contains("test")
    guard fewShot.count > 0 else {
      drawn = .shared([])
      return
    }
    let needed = fewShot.count + (examplesAreAsked || passesEqualRows ? 1 : 0)
    guard rows >= needed else {
      throw EvaluationError(
        task.name, "asks for \(fewShot.count) examples, and the split has \(rows) rows; ask for fewer")
    }
    if let named = fewShot.rows {
      guard named.count >= fewShot.count, let highest = named.max(), highest < rows else {
        throw EvaluationError(
          task.name, "names rows \(named) as examples, too few or beyond the \(rows) of the split")
      }
      drawn = .shared(named)
      return
    }
    switch fewShot.selection {
    case .first: drawn = .shared(Array(0..<needed))
    case .random:
      var generator = SeededNumbers(seed: seed, purpose: "few-shot \(task.name)")
      drawn = .shared(generator.draw(needed, of: rows))
    case .randomEach:
      drawn = .each(
        (0..<asked).map { index in
          var generator = SeededNumbers(seed: seed, purpose: "few-shot \(task.name) \(index)")
          return generator.draw(needed, of: rows)
        })
    case .harness:
      var generator = PythonRandom(seed: 1234 &+ seed)
      drawn = .each((0..<asked).map { _ in generator.sample(needed, of: rows) })
    case .lighteval:
      let start = Self.lightevalOrder(asked, seed: seed)
      var generator = start.generator
      var each = [[Int]](repeating: [], count: asked)
      for index in start.order { each[index] = generator.sample(needed, of: rows) }
      drawn = .each(each)
    case .lightevalBalanced:
      drawn = .shared(Self.balanced(fewShot.count + 1, answers: try answers(), seed: seed))
    }
  }

  /// The numbers of the rows of `pool` before a question, whose row is `question`, the split's `index`-th.
  func examples(before question: JSON, index: Int, pool: [JSON]) -> [Int] {
    let rows = switch drawn {
    case .shared(let rows): rows
    case .each(let rows): rows[index]
    }
    return Array(
      rows.lazy.filter { row in
        !(examplesAreAsked && row == index) && !(passesEqualRows && pool[row] == question)
      }.prefix(count))
  }

  /// The order in which lighteval asks a split's rows, and the generator that put them in it. The first so many of them
  /// are what it asks under a limit.
  static func lightevalOrder(_ rows: Int, seed: UInt64) -> (order: [Int], generator: PythonRandom) {
    var generator = PythonRandom(seed: 42 &+ seed)
    var order = Array(0..<rows)
    generator.shuffle(&order)
    return (order, generator)
  }

  /// Rows of every right answer in turn, those of frequent answers first: lighteval's own rule.
  private static func balanced(_ count: Int, answers: [String], seed: UInt64) -> [Int] {
    var generator = PythonRandom(seed: seed)
    var rows: [String: [Int]] = [:]
    for (row, answer) in answers.enumerated() { rows[answer, default: []].append(row) }
    let names = rows.keys.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
    let bySize = Dictionary(grouping: names) { rows[$0]?.count ?? 0 }
    var order: [String] = []
    for size in bySize.keys.sorted(by: >) {
      var names = bySize[size] ?? []
      generator.shuffle(&names)
      order += names
    }
    var chosen: [Int] = []
    while chosen.count < min(count, answers.count) {
      for name in order where chosen.count < count {
        guard var own = rows[name], !own.isEmpty else { continue }
        chosen.append(own.remove(at: generator.below(own.count)))
        rows[name] = own
      }
    }
    return chosen
  }
}
