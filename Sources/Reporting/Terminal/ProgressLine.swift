import Synchronization

/// Progress of any work of more than two seconds, on one line: `tokenizing ━━━━╸─── 52%  41.2M of 79.0M bytes  left 8s`.
///
/// On a terminal the line is redrawn in place and erased at the end; elsewhere a plain line appears every ten seconds.
/// Work of less than half a second shows nothing. Any thread may report.
public final class ProgressLine: Sendable {
  private let label: String
  private let unit: String
  private let total: Int?
  private let terminal: Terminal
  private let clock: @Sendable () -> Double
  private let state: Mutex<State>

  private struct State {
    var done = 0
    var began: Double
    var shown: Double
    var isDrawn = false
    var isFinished = false
  }

  /// Begins a line.
  ///
  /// - Parameters:
  ///   - label: What is done, as in `tokenizing`.
  ///   - total: How much there is; `nil` where it is unknown.
  ///   - unit: What is counted, as in `documents`; `bytes` are shown as sizes.
  public init(
    _ label: String, total: Int?, unit: String, terminal: Terminal = .standardError,
    clock: @escaping @Sendable () -> Double = monotonicSeconds
  ) {
    self.label = label
    self.total = total
    self.unit = unit
    self.terminal = terminal
    self.clock = clock
    let now = clock()
    state = Mutex(State(began: now, shown: now))
  }

  /// Reports how much is done in all.
  public func update(_ done: Int) { report { $0 = done } }

  /// Reports that `count` more is done.
  public func advance(by count: Int = 1) { report { $0 += count } }

  /// Ends the line; `summary` stays on the screen.
  public func finish(_ summary: String? = nil) {
    state.withLock { state in
      guard !state.isFinished else { return }
      state.isFinished = true
      if state.isDrawn && terminal.isInteractive { terminal.write("\r\u{1B}[K") }
      if let summary { terminal.write(summary + "\n") }
    }
  }

  private func report(_ change: (inout Int) -> Void) {
    state.withLock { state in
      change(&state.done)
      guard !state.isFinished else { return }
      let now = clock()
      let pause = terminal.isInteractive ? (state.isDrawn ? 0.1 : 0.5) : 10
      guard now - state.shown >= pause else { return }
      state.shown = now
      state.isDrawn = true
      let text = line(done: state.done, seconds: now - state.began)
      terminal.write(terminal.isInteractive ? "\r" + text + "\u{1B}[K" : text + "\n")
    }
  }

  private func line(done: Int, seconds: Double) -> String {
    func amount(_ value: Int) -> String { unit == "bytes" ? Quantity.bytes(value) : Quantity.count(value) }
    let suffix = unit == "bytes" ? "" : " " + unit
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let speed = "\(amount(Int(min(rate, 1e15))))/s"
    guard let total, total > 0 else {
      return String("\(label)  \(amount(done))\(suffix)  \(speed)".prefix(max(1, terminal.width() - 1)))
    }
    let fraction = Double(done) / Double(total)
    let percent = "\(Int(100 * min(1, max(0, fraction))))%"
    let left = rate > 0 ? Quantity.duration(Double(max(0, total - done)) / rate) : "–"
    let tail = "\(percent)  \(amount(done)) of \(amount(total))\(suffix)  \(speed)  left \(left)"
    guard terminal.isInteractive else { return "\(label)  \(tail)" }
    let room = min(40, terminal.width() - 1 - label.count - tail.count - 4)
    guard room >= 8 else { return String("\(label) \(tail)".prefix(max(1, terminal.width() - 1))) }
    let bar = ProgressBar.parts(fraction: fraction, width: room)
    return "\(label) " + terminal.paint(bar.filled, "36") + terminal.paint(bar.empty, "2") + " " + tail
  }
}
