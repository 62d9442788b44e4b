/// Where arenas have their memory from: the host's, or a device's, whose addresses mean nothing to the host.
///
/// A device works through its operations in the order in which they were given; writes and reads take their place in that
/// order.
public protocol MemorySource: Sendable {
  /// Whether the host reads and writes it at its addresses.
  var isHostAccessible: Bool { get }
  /// Smaller blocks are asked for one by one, larger ones cut from slabs.
  var leastInSlab: Int { get }
  /// Memory aligned to 64 bytes at least, contents undefined; nil where there is no more.
  func reserve(byteCount: Int) -> UnsafeMutableRawPointer?
  /// Gives it back, with the same size; nothing that was begun may still use it.
  func release(_ address: UnsafeMutableRawPointer, byteCount: Int)
  /// Copies from the host; the bytes may change as soon as this returns.
  func write(_ bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer)
  /// Copies to the host, when all that was begun before is done.
  func read(_ address: UnsafeRawPointer, into bytes: UnsafeMutableRawBufferPointer)
  /// What to say when no memory is left, as the end of a sentence.
  func advice(wanted byteCount: Int) -> String
}
