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
    var slabs: [(address: UInt, size: Int)] = []
    /// What is left of the newest slab that blocks are cut from.
    var rest: Range<UInt> = 0..<0
    /// Blocks too small for a slab, which the system's allocator gave.
    var small: [UInt] = []
  }
  private let state = Mutex(State())

  /// Creates an empty arena.
  public init() {}

  deinit {
    state.withLock { state in
      for slab in state.slabs { munmap(UnsafeMutableRawPointer(bitPattern: slab.address), slab.size) }
      for block in state.small { free(UnsafeMutableRawPointer(bitPattern: block)) }
    }
  }

  /// A block of at least `byteCount` bytes, 64-byte aligned, contents undefined.
  public func allocate(byteCount: Int) -> Storage {
    let size = Self.sizeClass(byteCount)
    let address = state.withLock { state in
      state.bytesInUse += size
      state.peakBytes = max(state.peakBytes, state.bytesInUse)
      if let reused = state.free[size]?.popLast() { return reused }
      state.reservedBytes += size
      return Self.newBlock(size, &state)
    }
    guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else { Self.outOfMemory(size) }
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

  /// Address of a block that was never used before, 0 where the system has no memory left.
  private static func newBlock(_ size: Int, _ state: inout State) -> UInt {
    if size < leastInSlab {
      let block = UInt(bitPattern: aligned_alloc(64, size))
      state.small.append(block)
      return block
    }
    if size > slabSize / 2 {
      let slab = map((size + hugePage - 1) / hugePage * hugePage)
      state.slabs.append(slab)
      return slab.address
    }
    if state.rest.count < size {
      let slab = map(slabSize)
      state.slabs.append(slab)
      state.rest = slab.address..<slab.address + UInt(slab.size)
    }
    let address = state.rest.lowerBound
    state.rest = address + UInt(size)..<state.rest.upperBound
    return address
  }

  /// Memory that begins at a huge page's border, so that all of it can be huge pages: with small ones, looking up
  /// addresses takes a quarter of the bandwidth of a streaming read.
  private static func map(_ size: Int) -> (address: UInt, size: Int) {
    guard let found = mmap(nil, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      found != MAP_FAILED
    else { outOfMemory(size) }
    let before = (hugePage - Int(bitPattern: found) % hugePage) % hugePage
    if before > 0 { munmap(found, before) }
    if before < hugePage { munmap(found + before + size, hugePage - before) }
    madvise(found + before, size, MADV_HUGEPAGE)
    return (UInt(bitPattern: found + before), size)
  }

  private static let leastInSlab = 1 << 16
  private static let slabSize = 1 << 25
  private static let hugePage = 1 << 21
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
