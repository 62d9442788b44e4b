import Foundation

/// Where progress is shown: a terminal that redraws a line in place, or a file that takes whole lines.
public struct Terminal: Sendable {
  /// Whether the cursor can be moved.
  public var isInteractive: Bool
  /// Whether text may be coloured.
  public var usesColor: Bool
  /// Columns at this moment.
  public var width: @Sendable () -> Int
  /// Writes text as it is.
  public var write: @Sendable (String) -> Void

  /// Creates a terminal, such as one that collects its text for a test.
  public init(
    isInteractive: Bool, usesColor: Bool, width: @escaping @Sendable () -> Int,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.isInteractive = isInteractive
    self.usesColor = usesColor
    self.width = width
    self.write = write
  }

  /// The process's standard error. `NO_COLOR` and `TERM=dumb` are honoured.
  public static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

  /// The process's standard output.
  public static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }

  private init(descriptor: Int32) {
    let environment = ProcessInfo.processInfo.environment
    let dumb = environment["TERM"] == "dumb"
    let interactive = isatty(descriptor) == 1 && !dumb
    self.init(
      isInteractive: interactive,
      usesColor: interactive && (environment["NO_COLOR"] ?? "").isEmpty,
      width: {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
      },
      write: { text in
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
          let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
          if count < 0 && errno == EINTR { continue }
          // Progress that nobody can read any more is no reason to stop the work.
          guard count > 0 else { return }
          bytes = bytes.dropFirst(count)
        }
      })
  }

  /// Text in one of the terminal's colours, where it has them; `code` is that of the ANSI escape, such as "32".
  public func paint(_ text: String, _ code: String) -> String { usesColor ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}

/// Seconds of a clock that never runs backwards.
public func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
