import Dispatch
import Foundation

/// Values computed at the same time and kept in order.
struct ConcurrentParts<Value: Sendable> {
  let values: [Value]

  init(count: Int, _ body: @Sendable (Int) -> Value) {
    let slots = Slots(count: count)
    DispatchQueue.concurrentPerform(iterations: count) { slots.set($0, body($0)) }
    values = slots.ordered
  }

  private final class Slots: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int: Value] = [:]

    init(count: Int) { values.reserveCapacity(count) }

    func set(_ index: Int, _ value: Value) {
      lock.lock()
      values[index] = value
      lock.unlock()
    }

    var ordered: [Value] { values.sorted { $0.key < $1.key }.map(\.value) }
  }
}

extension DispatchQueue {
  /// Tasks that run at the same time.
  static var availableTasks: Int { ProcessInfo.processInfo.activeProcessorCount }
}
