import Foundation

/// Whether tests that take minutes run: `APUS_SLOW_TESTS=1`.
enum SlowLane {
  static var isOpen: Bool { ProcessInfo.processInfo.environment["APUS_SLOW_TESTS"] == "1" }
}
