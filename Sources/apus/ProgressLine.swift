import Foundation

/// One line on standard error that says how far a job is, once it has taken two seconds.
struct ProgressLine {
  private let started = ContinuousClock.now
  private var last: ContinuousClock.Instant?
  private let isTerminal = isatty(2) == 1

  /// Shows a state, at most ten times a second on a terminal and once in ten seconds elsewhere.
  mutating func show(_ text: String) {
    let now = ContinuousClock.now
    guard now - started > .seconds(2) else { return }
    if let last, now - last < (isTerminal ? .milliseconds(100) : .seconds(10)) { return }
    last = now
    write(isTerminal ? "\r\u{1b}[K\(text)" : "\(text)\n")
  }

  /// Takes the line away.
  mutating func finish() {
    if isTerminal, last != nil { write("\r\u{1b}[K") }
    last = nil
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
