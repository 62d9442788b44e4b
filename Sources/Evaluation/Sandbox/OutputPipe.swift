import CSandbox
import Formats
import Foundation

/// The two ends of a pipe whose first bytes are kept.
final class OutputPipe {
  private(set) var reading: Int32 = -1
  private(set) var writing: Int32 = -1
  private(set) var kept: [UInt8] = []
  private(set) var isCut = false
  private let limit: Int

  /// - Throws: `FileError` when the system has no more descriptors.
  init(limit: Int) throws {
    self.limit = limit
    guard apus_sandbox_pipe(&reading, &writing) == 0 else {
      throw FileError(path: "a pipe", action: "cannot be made")
    }
  }

  deinit {
    closeWriting()
    if reading >= 0 { close(reading) }
  }

  /// Leaves the writing end to the program alone.
  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  /// Takes what is there, at most 1 MiB at a time so that a talkative program cannot keep its watch from watching.
  func read() {
    guard reading >= 0 else { return }
    withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      for _ in 0..<16 {
        let count = Foundation.read(reading, buffer.baseAddress, buffer.count)
        if count > 0 {
          let room = limit - kept.count
          kept.append(contentsOf: buffer.prefix(min(count, room)))
          isCut = isCut || count > room
        } else if count == 0 || errno != EINTR {
          if count == 0 {
            close(reading)
            reading = -1
          }
          return
        }
      }
    }
  }
}

extension [OutputPipe] {
  init(limit: Int, count: Int) throws { self = try (0..<count).map { _ in try OutputPipe(limit: limit) } }
}
