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
    /// What the memory's source gave, slabs and blocks too small for one.
    var reserved: [(address: UInt, size: Int)] = []
    /// What is left of the newest slab that blocks are cut from.
    var rest: Range<UInt> = 0..<0
  }
  private let state = Mutex(State())
  /// Where the memory comes from.
  public let source: any MemorySource
  /// Whether the host reads and writes it at its addresses.
  let isHostAccessible: Bool

  /// Creates an empty arena.
  public init(_ source: any MemorySource = HostMemory()) {
    self.source = source
    isHostAccessible = source.isHostAccessible
  }

  deinit {
    state.withLock { state in
      for (address, size) in state.reserved {
        if let pointer = UnsafeMutableRawPointer(bitPattern: address) { source.release(pointer, byteCount: size) }
      }
    }
  }

  /// Where tensors of a device stand on the host for a moment: small ones in memory that is kept for that.
  static func staging(byteCount: Int) -> Arena { byteCount > 1 << 26 ? Arena() : smallStaging }
  private static let smallStaging = Arena()

  /// A block of at least `byteCount` bytes, 64-byte aligned, contents undefined.
  public func allocate(byteCount: Int) -> Storage {
    let size = Self.sizeClass(byteCount)
    let address = state.withLock { state in
      state.bytesInUse += size
      state.peakBytes = max(state.peakBytes, state.bytesInUse)
      if let reused = state.free[size]?.popLast() { return reused }
      state.reservedBytes += size
      return newBlock(size, &state)
    }
    guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else { outOfMemory(size) }
    return Storage(pointer: pointer, byteCount: size, arena: self)
  }

  /// Bytes that tensors hold now, the most they ever held, and what the arena has from the system.
  public var statistics: (inUse: Int, peak: Int, reserved: Int) {
    state.withLock { ($0.bytesInUse, $0.peakBytes, $0.reservedBytes) }
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

  /// Address of a block that was never used before, 0 where there is no memory left.
  private func newBlock(_ size: Int, _ state: inout State) -> UInt {
    if size < source.leastInSlab { return reserve(size, &state) }
    if size > Self.slabSize / 2 { return reserve((size + Self.page - 1) / Self.page * Self.page, &state) }
    if state.rest.count < size {
      let slab = reserve(Self.slabSize, &state)
      if slab == 0 { return 0 }
      state.rest = slab..<slab + UInt(Self.slabSize)
    }
    let address = state.rest.lowerBound
    state.rest = address + UInt(size)..<state.rest.upperBound
    return address
  }

  private func reserve(_ size: Int, _ state: inout State) -> UInt {
    guard let found = source.reserve(byteCount: size) else { return 0 }
    let address = UInt(bitPattern: found)
    state.reserved.append((address, size))
    return address
  }

  private static let slabSize = 1 << 25
  private static let page = 1 << 21

  /// No memory is left: nothing can be computed and nothing is half written, so the process ends with
  /// what a user can do about it.
  private func outOfMemory(_ size: Int) -> Never {
    let message = "apus: out of memory: \(size / 1_048_576) MiB more are needed; \(source.advice(wanted: size))\n"
    message.withCString { _ = write(2, $0, strlen($0)) }
    exit(1)
  }
}

/// A block of memory that goes back to its arena when the last tensor lets go.
public final class Storage: @unchecked Sendable {
  // Safe to share: the pointer never changes, and who may write is settled by the operations' order, as on a device.
  public let pointer: UnsafeMutableRawPointer
  public let byteCount: Int
  /// Where it goes back to.
  let arena: Arena

  init(pointer: UnsafeMutableRawPointer, byteCount: Int, arena: Arena) {
    self.pointer = pointer
    self.byteCount = byteCount
    self.arena = arena
  }

  deinit { arena.release(pointer, byteCount: byteCount) }
}
