/// A queue of work for a card: what is put in is done in that order.
public final class CUDAStream: Sendable {
  let handle: UInt
  private let device: OpenDevice

  init(_ device: OpenDevice) throws(CUDAError) {
    self.device = device
    var stream: UInt = 0
    // 1: does not wait for the default stream, which nothing here uses.
    try device.check(device.functions.createStream(&stream, 1), "creating a stream")
    handle = stream
  }

  deinit {
    device.makeCurrentIfPossible()
    _ = device.functions.destroyStream(handle)
  }

  /// Waits until all that was put in is done.
  /// - Throws: ``CUDAError`` for whatever went wrong in it.
  public func synchronize(_ operation: @autoclosure () -> String = "waiting for the card") throws(CUDAError) {
    try device.makeCurrent()
    try device.check(device.functions.synchronizeStream(handle), operation())
  }

  /// What is put in from now on waits for an event of another stream.
  public func wait(for event: CUDAEvent) throws(CUDAError) {
    try device.makeCurrent()
    try device.check(device.functions.streamWaits(handle, event.handle, 0), "letting a stream wait for another")
  }
}
