import CUDARuntime
import Tensors

/// A card's memory, for arenas of tensors that it computes with.
public struct DeviceMemory: MemorySource {
  private let context: CUDAContext
  /// Smaller blocks are asked for one by one. Usually none: asking a card for memory takes long.
  public let leastInSlab: Int

  /// The memory of a card.
  /// - Parameter leastInSlab: 0 cuts all blocks from slabs; `Int.max` none, so that a tool that watches allocations
  ///   sees each.
  public init(_ context: CUDAContext, leastInSlab: Int = 0) {
    self.context = context
    self.leastInSlab = leastInSlab
  }

  public var isHostAccessible: Bool { false }

  public func reserve(byteCount: Int) -> UnsafeMutableRawPointer? {
    reserved { () throws(CUDAError) in try context.allocate(byteCount: byteCount).pointer }
  }

  public func release(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    // The driver waits for what still uses it. At the process's end it may be gone already, and the memory with it.
    try? context.free(DeviceAddress(address), byteCount: byteCount)
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer) {
    transfer { () throws(CUDAError) in try context.write(bytes, to: DeviceAddress(address)) }
  }

  public func read(_ address: UnsafeRawPointer, into bytes: UnsafeMutableRawBufferPointer) {
    transfer { () throws(CUDAError) in try context.read(DeviceAddress(address), into: bytes) }
  }

  public func advice(wanted byteCount: Int) -> String {
    let name = context.device.name
    let change = "use a smaller micro-batch, a shorter sequence or parallelism.recompute_layer: true"
    guard let memory = try? context.memory() else { return "\(name) has no more; \(change)" }
    let others = max(0, memory.total - memory.free - memory.reserved)
    return "of the \(mebibytes(memory.total)) of \(name) this process has \(mebibytes(memory.reserved)), "
      + "others and the driver \(mebibytes(others)), and \(mebibytes(memory.free)) are free; \(change)"
  }
}

/// The host's memory from which a card copies directly, while the host goes on.
public struct PinnedMemory: MemorySource {
  private let context: CUDAContext

  /// Memory pinned for a card.
  public init(_ context: CUDAContext) { self.context = context }

  public var isHostAccessible: Bool { true }
  public var leastInSlab: Int { 0 }

  public func reserve(byteCount: Int) -> UnsafeMutableRawPointer? {
    reserved { () throws(CUDAError) in try context.allocatePinned(byteCount: byteCount) }
  }

  public func release(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    try? context.stream.synchronize()
    try? context.freePinned(address)
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer) {
    transfer { () throws(CUDAError) in try context.stream.synchronize() }
    HostMemory().write(bytes, to: address)
  }

  public func read(_ address: UnsafeRawPointer, into bytes: UnsafeMutableRawBufferPointer) {
    transfer { () throws(CUDAError) in try context.stream.synchronize() }
    HostMemory().read(address, into: bytes)
  }

  public func advice(wanted byteCount: Int) -> String {
    "the system pins no more of the host's memory; end other programs that hold much, or use a smaller micro-batch"
  }
}

private func mebibytes(_ bytes: Int) -> String { "\(bytes / 1_048_576) MiB" }

/// Memory, nil where there is no more; the process ends where something else is wrong.
private func reserved(
  _ body: () throws(CUDAError) -> UnsafeMutableRawPointer?
) -> UnsafeMutableRawPointer? {
  do { return try body() } catch {
    if error.kind == .outOfMemory { return nil }
    CUDABackend.fail(error)
  }
}

private func transfer(_ body: () throws(CUDAError) -> Void) {
  do { try body() } catch { CUDABackend.fail(error) }
}
