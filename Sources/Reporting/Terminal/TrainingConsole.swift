import Synchronization

/// The live view of a training run.
///
/// On a terminal one line with a progress bar is redrawn in place, at most ten times a second; elsewhere plain lines
/// appear, at most one every five seconds. Loss, rate and step time are smoothed over about ten steps. Any thread may
/// report.
public final class TrainingConsole: Sendable {
  private let totalSteps: Int
  private let logInterval: Int
  private let plainPause: Double
  private let terminal: Terminal
  private let clock: @Sendable () -> Double
  private let state = Mutex(State())

  private struct State {
    var shown = -Double.infinity
    var isDrawn = false
    var weight = 0.0
    var loss = 0.0
    var speed = 0.0
    var seconds = 0.0
    var latest: TrainingStepMetrics?
  }

  /// Creates the view of a run.
  ///
  /// - Parameters:
  ///   - totalSteps: Updates of the whole run.
  ///   - logInterval: Steps between two plain lines, where there is no terminal.
  ///   - plainPause: Least seconds between two plain lines.
  public init(
    totalSteps: Int, logInterval: Int = 1, plainPause: Double = 5, terminal: Terminal = .standardError,
    clock: @escaping @Sendable () -> Double = monotonicSeconds
  ) {
    self.totalSteps = totalSteps
    self.logInterval = max(1, logInterval)
    self.plainPause = plainPause
    self.terminal = terminal
    self.clock = clock
  }

  /// Shows an update.
  public func update(_ metrics: TrainingStepMetrics) {
    state.withLock { state in
      state.weight = 0.9 * state.weight + 0.1
      func smooth(_ old: inout Double, _ new: Double) { if new.isFinite { old = 0.9 * old + 0.1 * new } }
      smooth(&state.loss, metrics.loss)
      smooth(&state.speed, metrics.tokensPerSecond)
      smooth(&state.seconds, metrics.stepSeconds)
      state.latest = metrics
      let now = clock()
      let isLast = metrics.step >= totalSteps
      if terminal.isInteractive {
        guard isLast || now - state.shown >= 0.1 else { return }
        draw(&state)
      } else {
        let isDue = metrics.step % logInterval == 0 && now - state.shown >= plainPause
        guard isLast || isDue else { return }
        terminal.write(line(state, metrics, width: nil) + "\n")
      }
      state.shown = now
    }
  }

  /// Shows a validation loss, on a line of its own.
  public func show(_ metrics: ValidationMetrics) {
    var text = "step \(Quantity.grouped(metrics.step))  validation \(metrics.source)  loss "
    text += Quantity.number(metrics.loss)
    if let bits = metrics.bitsPerByte { text += "  \(Quantity.number(bits)) bits/byte" }
    note(text)
  }

  /// Writes a line above the progress line.
  public func note(_ text: String) {
    state.withLock { state in
      if terminal.isInteractive && state.isDrawn { terminal.write("\r\u{1B}[K") }
      terminal.write(text + "\n")
      if terminal.isInteractive && state.isDrawn { draw(&state) }
    }
  }

  /// Leaves the last state on the screen and goes to a new line.
  public func finish() {
    state.withLock { state in
      guard terminal.isInteractive, state.isDrawn else { return }
      draw(&state)
      terminal.write("\n")
      state.isDrawn = false
    }
  }

  private func draw(_ state: inout State) {
    guard let metrics = state.latest else { return }
    state.isDrawn = true
    terminal.write("\r" + line(state, metrics, width: terminal.width() - 1) + "\u{1B}[K")
  }

  /// One line of at most `width` columns; what matters least is left out first.
  private func line(_ state: State, _ metrics: TrainingStepMetrics, width: Int?) -> String {
    let scale = 1 / max(state.weight, 1e-9)
    let steps = "step \(Quantity.grouped(metrics.step))/\(Quantity.grouped(totalSteps))"
    let loss = metrics.loss.isFinite ? state.loss * scale : metrics.loss
    let left = Double(max(0, totalSteps - metrics.step)) * state.seconds * scale
    var parts: [(text: String, importance: Int)] = [
      (steps, 9), ("loss " + Quantity.number(loss), 8), ("grad " + Quantity.number(metrics.gradientNorm, digits: 3), 4),
      ("lr " + Quantity.number(metrics.learningRate, digits: 3), 3),
      (Quantity.count(Int(min(1e15, max(0, state.speed * scale)))) + " tok/s", 6),
    ]
    if let mfu = metrics.mfu, mfu.isFinite { parts.append(("MFU \(Quantity.number(100 * mfu, digits: 3))%", 5)) }
    parts.append((Quantity.bytes(metrics.residentBytes), 2))
    parts.append(("left " + Quantity.duration(left), 7))
    guard let width else { return parts.map(\.text).joined(separator: "  ") }
    func length() -> Int { parts.reduce(-2) { $0 + $1.text.count + 2 } }
    while parts.count > 1, length() > width {
      let least = parts.indices.min { parts[$0].importance < parts[$1].importance } ?? 0
      parts.remove(at: least)
    }
    let room = min(30, width - length() - 1)
    if room >= 6 {
      let bar = ProgressBar.parts(fraction: Double(metrics.step) / Double(max(1, totalSteps)), width: room)
      parts[0].text += " " + terminal.paint(bar.filled, "36") + terminal.paint(bar.empty, "2")
    } else if length() > width {
      return String(parts[0].text.prefix(max(0, width)))
    }
    return parts.map(\.text).joined(separator: "  ")
  }
}
