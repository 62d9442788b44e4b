import Dispatch
import Synchronization

/// Computes `body(i)` for every `i` below `count` on up to `threads` threads; the results stand in order.
package func parallelMap<Result>(count: Int, threads: Int, _ body: @Sendable (Int) -> Result) -> [Result] {
  if threads <= 1 || count <= 1 { return (0..<count).map(body) }
  return [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
    let next = Atomic<Int>(0)
    nonisolated(unsafe) let output = buffer
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
      while true {
        let i = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if i >= count { return }
        (output.baseAddress! + i).initialize(to: body(i))
      }
    }
    initialized = count
  }
}
