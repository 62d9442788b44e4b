import Foundation

/// Numbers that keep the partial files of one process apart.
final class PartialNames: Sendable {
  static let shared = PartialNames()
  private let lock = NSLock()
  private nonisolated(unsafe) var last = 0

  func next() -> Int {
    lock.withLock {
      last += 1
      return last
    }
  }
}
