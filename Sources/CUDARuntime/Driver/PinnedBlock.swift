/// A block of the host's pinned memory that goes back when nothing holds it any more.
final class PinnedBlock: @unchecked Sendable {
  // Safe to share: the pointer never changes, and the card reads what it points to only after it was filled.
  let pointer: UnsafeMutableRawPointer
  private let device: OpenDevice

  init(_ context: CUDAContext, byteCount: Int) throws(CUDAError) {
    device = context.open
    pointer = try context.allocatePinned(byteCount: byteCount)
  }

  deinit {
    device.makeCurrentIfPossible()
    _ = device.functions.freePinned(UInt(bitPattern: pointer))
  }
}
