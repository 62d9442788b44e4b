import Foundation

/// Whether tests that take minutes run: `APUS_SLOW_TESTS=1`.
public enum SlowLane {
  public static var isOpen: Bool { ProcessInfo.processInfo.environment["APUS_SLOW_TESTS"] == "1" }
}
