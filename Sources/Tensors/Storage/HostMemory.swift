import Glibc

/// The machine's own memory, in huge pages where blocks are large.
public struct HostMemory: MemorySource {
  /// There is only one.
  public init() {}

  public var isHostAccessible: Bool { true }
  public var leastInSlab: Int { 1 << 16 }

  public func reserve(byteCount: Int) -> UnsafeMutableRawPointer? {
    byteCount < leastInSlab ? aligned_alloc(64, byteCount) : Self.map(byteCount)
  }

  public func release(_ address: UnsafeMutableRawPointer, byteCount: Int) {
    if byteCount < leastInSlab { free(address) } else { munmap(address, byteCount) }
  }

  public func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer) {
    if let from = bytes.baseAddress { address.copyMemory(from: from, byteCount: bytes.count) }
  }

  public func read(_ address: UnsafeRawPointer, into bytes: UnsafeMutableRawBufferPointer) {
    bytes.baseAddress?.copyMemory(from: address, byteCount: bytes.count)
  }

  public func advice(wanted byteCount: Int) -> String {
    "use a smaller micro-batch, a shorter sequence or parallelism.recompute_layer: true"
  }

  /// Memory that begins at a huge page's border, so that all of it can be huge pages: with small ones, looking up
  /// addresses takes a quarter of the bandwidth of a streaming read.
  private static func map(_ size: Int) -> UnsafeMutableRawPointer? {
    guard let found = mmap(nil, size + hugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      found != MAP_FAILED
    else { return nil }
    let before = (hugePage - Int(bitPattern: found) % hugePage) % hugePage
    if before > 0 { munmap(found, before) }
    if before < hugePage { munmap(found + before + size, hugePage - before) }
    madvise(found + before, size, MADV_HUGEPAGE)
    return found + before
  }

  private static let hugePage = 1 << 21
  private static let MADV_HUGEPAGE: Int32 = 14
}
