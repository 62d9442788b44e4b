import Glibc
import Synchronization

/// Ctrl-C and SIGTERM as a request to finish the step, save and leave.
public enum StopSignal {
  private static let requests = Atomic<Int>(0)

  /// Whether a stop was asked for.
  public static var isRequested: Bool { requests.load(ordering: .relaxed) > 0 }

  /// Takes the two signals over. A second one ends the process at once.
  public static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { received in
        if StopSignal.requests.add(1, ordering: .relaxed).oldValue > 0 {
          signal(received, SIG_DFL)
          raise(received)
        }
      }
    }
  }
}
