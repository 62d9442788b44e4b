import Foundation
import Synchronization

/// Ctrl-C as a request to stop the answer instead of the program.
enum Interrupt {
  private static let isRequested = Atomic<Bool>(false)

  /// Whether it was asked for and not taken yet.
  static var isPending: Bool { isRequested.load(ordering: .relaxed) }

  /// Whether it was asked for; it is done then.
  static func take() -> Bool { isRequested.exchange(false, ordering: .relaxed) }

  /// Takes the signal over. A read that waits is interrupted and not begun again.
  static func install() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interrupt.isRequested.store(true, ordering: .relaxed) }
    sigaction(SIGINT, &action, nil)
  }
}
