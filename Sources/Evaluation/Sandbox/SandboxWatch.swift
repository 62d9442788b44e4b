import CSandbox
import Foundation

/// Watches a running program: reads what it writes, and ends it when it goes beyond its limits.
struct SandboxWatch {
  let process: pid_t
  let limits: Sandbox.Limits
  let folder: String?
  let pipes: [OutputPipe]

  /// Seconds between two looks at what the kernel does not limit by itself.
  private static let interval = 0.02

  /// Waits for the end and collects what was written. The process is gone when this returns or throws.
  func untilEnd() throws -> SandboxOutcome {
    let start = ContinuousClock.now
    let ended = apus_sandbox_watch(process)
    defer { if ended >= 0 { close(ended) } }
    var end: SandboxOutcome.End?
    var status: Int32?
    var nextLook = Self.interval
    while status == nil {
      let elapsed = seconds(since: start)
      if end == nil {
        if elapsed >= limits.seconds {
          end = .outOfTime
        } else if elapsed >= nextLook {
          end = excess()
          nextLook = elapsed + Self.interval
        }
        if end != nil { kill(process, SIGKILL) }
      }
      wait(for: end == nil ? min(nextLook, limits.seconds) - elapsed : Self.interval, ended)
      for pipe in pipes { pipe.read() }
      status = reap()
    }
    // Nobody else holds the pipes; an escaped child of a run without protections would, and is not waited for.
    for pipe in pipes { pipe.read() }
    return SandboxOutcome(
      end: end ?? Self.end(ofStatus: status ?? 0), output: pipes[0].kept, errors: pipes[1].kept, report: pipes[2].kept,
      isCut: pipes.contains { $0.isCut }, seconds: seconds(since: start))
  }

  /// Which watched limit is exceeded.
  private func excess() -> SandboxOutcome.End? {
    if ProcessThreads.count(of: process) > limits.threads { return .tooManyThreads }
    guard let folder else { return nil }
    var bytes = 0
    var files = 0
    guard let listing = opendir(folder) else { return nil }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      var status = stat()
      let found = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) {
          fstatat(dirfd(listing), $0, &status, AT_SYMLINK_NOFOLLOW)
        }
      }
      guard found == 0 else { continue }
      files += 1
      bytes += Int(status.st_blocks) * 512
      // The listing also has the folder and the one above it.
      if files > limits.files + 2 || bytes > limits.folderBytes { return .wroteTooMuch }
    }
    return nil
  }

  /// Sleeps until something can be read, the process ended, or the time is over.
  private func wait(for seconds: Double, _ ended: Int32) {
    var descriptors = (pipes.map(\.reading) + [ended]).filter { $0 >= 0 }.map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    poll(&descriptors, nfds_t(descriptors.count), Int32(max(0, seconds * 1000).rounded(.up)))
  }

  private func reap() -> Int32? {
    var status: Int32 = 0
    var result: pid_t
    repeat { result = waitpid(process, &status, WNOHANG) } while result < 0 && errno == EINTR
    return result == 0 ? nil : status
  }

  private static func end(ofStatus status: Int32) -> SandboxOutcome.End {
    let signal = status & 0x7F
    return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
