import Reporting
import Synchronization
import Testing

/// A terminal that remembers what was written.
private final class Recorder: Sendable {
  let text = Mutex("")
  let now = Mutex(0.0)

  func terminal(interactive: Bool, color: Bool = false, width: Int = 80) -> Terminal {
    Terminal(
      isInteractive: interactive, usesColor: color, width: { width }, write: { new in self.text.withLock { $0 += new } })
  }

  var clock: @Sendable () -> Double { { self.now.withLock { $0 } } }
  func wait(_ seconds: Double) { now.withLock { $0 += seconds } }
  var written: String { text.withLock { $0 } }
  /// The lines that a screen was given, control sequences removed.
  var frames: [String] {
    written.replacing("\u{1B}[K", with: "").split(whereSeparator: { $0 == "\r" || $0 == "\n" }).map(String.init)
  }
}

@Suite struct TrainingConsoleTests {
  @Test(arguments: [20, 40, 60, 80, 100, 140, 200])
  func theLineFitsTheTerminal(width: Int) {
    let recorder = Recorder()
    let console = TrainingConsole(
      totalSteps: 20_000, terminal: recorder.terminal(interactive: true, width: width), clock: recorder.clock)
    for step in 1...50 {
      recorder.wait(0.2)
      console.update(row(step * 400))
    }
    console.finish()
    #expect(recorder.frames.count > 40)
    #expect(recorder.frames.allSatisfy { $0.count < width && !$0.isEmpty })
    #expect(recorder.frames.allSatisfy { $0.hasPrefix("step ") })
    #expect(recorder.written.hasSuffix("\n"))
    if width >= 140 {
      let last = recorder.frames.last ?? ""
      for part in ["step 20,000/20,000", "━", "loss 2.00", "grad 1.00", "lr ", "tok/s", "MFU 30.0%", "MiB", "left 0.0s"] {
        #expect(last.contains(part), "\(part) in \(last)")
      }
    }
  }

  @Test func redrawsAreLimited() {
    let recorder = Recorder()
    let console = TrainingConsole(
      totalSteps: 10_000, terminal: recorder.terminal(interactive: true), clock: recorder.clock)
    for step in 1...1000 {
      recorder.wait(0.001)
      console.update(row(step))
    }
    #expect((5...12).contains(recorder.frames.count))
  }

  @Test func plainLinesWithoutATerminal() {
    let recorder = Recorder()
    let console = TrainingConsole(
      totalSteps: 100, logInterval: 10, terminal: recorder.terminal(interactive: false), clock: recorder.clock)
    for step in 1...100 {
      recorder.wait(0.2)
      console.update(row(step))
    }
    console.show(ValidationMetrics(step: 100, source: "web", loss: 2.345, bitsPerByte: 1.1))
    console.finish()
    #expect(!recorder.written.contains("\u{1B}") && !recorder.written.contains("\r") && !recorder.written.contains("━"))
    let steps = recorder.frames.filter { $0.contains("tok/s") }
    #expect(steps.first?.hasPrefix("step 10/100  loss ") == true)
    #expect(steps.last?.hasPrefix("step 100/100  loss ") == true)
    #expect((3...5).contains(steps.count))
    #expect(recorder.frames.last == "step 100  validation web  loss 2.345  1.100 bits/byte")
  }

  @Test func notesStandAboveTheBarAndColoursAreOptional() {
    let recorder = Recorder()
    let console = TrainingConsole(
      totalSteps: 10, terminal: recorder.terminal(interactive: true, color: true, width: 100), clock: recorder.clock)
    console.update(row(1))
    console.note("checkpoint saved")
    #expect(recorder.written.contains("\r\u{1B}[Kcheckpoint saved\n\rstep 1/10"))
    #expect(recorder.written.contains("\u{1B}[36m"))
    let plain = Recorder()
    TrainingConsole(totalSteps: 10, terminal: plain.terminal(interactive: true), clock: plain.clock).update(row(1))
    #expect(!plain.written.contains("[36m"))
  }

  @Test func aLossThatIsNotFiniteIsShown() {
    let recorder = Recorder()
    let console = TrainingConsole(totalSteps: 10, terminal: recorder.terminal(interactive: true), clock: recorder.clock)
    console.update(row(1))
    recorder.wait(1)
    console.update(row(2, loss: .nan))
    #expect(recorder.frames.last?.contains("loss NaN") == true)
  }
}

@Suite struct ProgressLineTests {
  @Test func shortWorkShowsNothing() {
    let recorder = Recorder()
    let line = ProgressLine(
      "reading", total: 10, unit: "files", terminal: recorder.terminal(interactive: true), clock: recorder.clock)
    for _ in 0..<10 { line.advance() }
    line.finish()
    #expect(recorder.written.isEmpty)
  }

  @Test func longWorkIsDrawnAndErased() {
    let recorder = Recorder()
    let line = ProgressLine(
      "tokenizing", total: 1000, unit: "documents", terminal: recorder.terminal(interactive: true, width: 90),
      clock: recorder.clock)
    for done in 1...500 {
      recorder.wait(0.01)
      line.update(done)
    }
    #expect(recorder.frames.allSatisfy { $0.count < 90 })
    #expect(recorder.frames.last?.contains(" of 1,000 documents  100/s  left 5.") == true, "\(recorder.frames)")
    line.finish("1,000 documents")
    line.update(600)
    #expect(recorder.written.hasSuffix("\r\u{1B}[K1,000 documents\n"))
  }

  @Test func plainLinesEveryTenSeconds() {
    let recorder = Recorder()
    let line = ProgressLine(
      "reading", total: nil, unit: "bytes", terminal: recorder.terminal(interactive: false), clock: recorder.clock)
    for second in 1...35 {
      recorder.wait(1)
      line.update(second * 1_048_576)
    }
    #expect(recorder.frames == [
      "reading  10.0 MiB  1.00 MiB/s", "reading  20.0 MiB  1.00 MiB/s", "reading  30.0 MiB  1.00 MiB/s",
    ])
  }
}
