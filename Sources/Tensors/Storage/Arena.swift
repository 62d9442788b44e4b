import Glibc
import Synchronization

/// Memory of one lifetime (parameters, a step, a micro-batch) that is used again rather than returned.
///
/// A block freed by the last tensor that held it goes to the list of its size class; a later request of that class
/// takes it from there. After the first step of a known shape nothing is asked of the system any more, and shapes
/// may still change.
public final class Arena: Sendable {
  private struct State {
    var free: [Int: [UInt]] = [:]
    var bytesInUse = 0
    var peakBytes = 0
    var reservedBytes = 0
  }
  private let state = Mutex(State())

  /// Creates an empty arena.
  public init() {}

  deinit {
    state.withLock { state in
      for (size, blocks) in state.free { for block in blocks { Self.unmap(block, size) } }
    }
  }

  /// A block of at least `byteCount` bytes, 64-byte aligned, contents undefined.
  public func allocate(byteCount: Int) -> Storage {
    let size = Self.sizeClass(byteCount)
    let reused: UInt? = state.withLock { state in
      state.bytesInUse += size
      state.peakBytes = max(state.peakBytes, state.bytesInUse)
      return state.free[size]?.popLast()
    }
    if let reused, let pointer = UnsafeMutableRawPointer(bitPattern: reused) {
      return Storage(pointer: pointer, byteCount: size, arena: self)
    }
    state.withLock { $0.reservedBytes += size }
    return Storage(pointer: Self.map(size), byteCount: size, arena: self)
  }

  /// Bytes that tensors hold now, the most they ever held, and what the arena has from the system.
  public var statistics: (inUse: Int, peak: Int, reserved: Int) {
    state.withLock { ($0.bytesInUse, $0.peakBytes, $0.reservedBytes) }
  }

  /// Returns the blocks that nobody holds to the system.
  public func trim() {
    let blocks = state.withLock { state in
      let free = state.free
      state.free = [:]
      for (size, blocks) in free { state.reservedBytes -= size * blocks.count }
      return free
    }
    for (size, list) in blocks { for block in list { Self.unmap(block, size) } }
  }

  func release(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
    state.withLock { state in
      state.bytesInUse -= byteCount
      state.free[byteCount, default: []].append(UInt(bitPattern: pointer))
    }
  }

  /// Eight classes between a power of two and the next, so that at most an eighth is wasted.
  static func sizeClass(_ byteCount: Int) -> Int {
    let needed = max(byteCount, 64)
    let power = Int.bitWidth - 1 - needed.leadingZeroBitCount
    let step = max(64, 1 << max(power - 3, 0))
    return (needed + step - 1) / step * step
  }

  private static func map(_ size: Int) -> UnsafeMutableRawPointer {
    if size < largeBlock {
      guard let pointer = aligned_alloc(64, (size + 63) / 64 * 64) else { outOfMemory(size) }
      return pointer
    }
    guard let pointer = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      pointer != MAP_FAILED
    else { outOfMemory(size) }
    madvise(pointer, size, MADV_HUGEPAGE)
    return pointer
  }

  private static func unmap(_ address: UInt, _ size: Int) {
    guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else { return }
    if size < largeBlock { free(pointer) } else { munmap(pointer, size) }
  }

  private static let largeBlock = 1 << 20
  private static let MADV_HUGEPAGE: Int32 = 14

  /// The system has no memory left: nothing can be computed and nothing is half written, so the process ends with
  /// what a user can do about it.
  private static func outOfMemory(_ size: Int) -> Never {
    let message =
      "apus: out of memory: \(size / 1_048_576) MiB more are needed; use a smaller micro-batch, a shorter sequence "
      + "or parallelism.recompute_layer: true\n"
    message.withCString { _ = write(2, $0, strlen($0)) }
    exit(1)
  }
}

/// A block of memory that goes back to its arena when the last tensor lets go.
public final class Storage: @unchecked Sendable {
  // Safe to share: the pointer never changes, and who may write is settled by the operations' order, as on a device.
  public let pointer: UnsafeMutableRawPointer
  public let byteCount: Int
  private let arena: Arena

  init(pointer: UnsafeMutableRawPointer, byteCount: Int, arena: Arena) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.arena = arena
  }

  deinit { arena.release(pointer, byteCount: byteCount) }
}
