/// A mark in a stream: when it is reached can be waited for, and how long the card took from one to another.
public final class CUDAEvent: Sendable {
  let handle: UInt
  private let device: OpenDevice

  init(_ device: OpenDevice, timed: Bool) throws(CUDAError) {
    self.device = device
    var event: UInt = 0
    // 2: without time, which is cheaper.
    try device.check(device.functions.createEvent(&event, timed ? 0 : 2), "creating an event")
    handle = event
  }

  deinit {
    device.makeCurrentIfPossible()
    _ = device.functions.destroyEvent(handle)
  }

  /// Puts the mark behind what the stream holds.
  public func record(in stream: CUDAStream) throws(CUDAError) {
    try device.makeCurrent()
    try device.check(device.functions.recordEvent(handle, stream.handle), "recording an event")
  }

  /// Waits until the card has reached the mark.
  public func synchronize() throws(CUDAError) {
    try device.makeCurrent()
    try device.check(device.functions.synchronizeEvent(handle), "waiting for an event")
  }

  /// Whether the card has reached the mark.
  public func isReached() throws(CUDAError) -> Bool {
    try device.makeCurrent()
    let code = device.functions.queryEvent(handle)
    if code == 600 { return false }
    try device.check(code, "asking for an event")
    return true
  }

  /// Seconds of the card's time since an earlier event; both were made to be timed and have been reached.
  public func seconds(since start: CUDAEvent) throws(CUDAError) -> Double {
    try device.makeCurrent()
    var milliseconds: Float = 0
    try device.check(
      device.functions.elapsedTime(&milliseconds, start.handle, handle), "taking the time between events")
    return Double(milliseconds) / 1000
  }
}
