/// A card that this process uses: its primary context, which cuBLASLt uses too.
final class OpenDevice: Sendable {
  let driver: CUDADriver
  let device: CUDADevice
  private let context: UInt

  var functions: DriverFunctions { driver.functions }

  init(_ device: CUDADevice, of driver: CUDADriver) throws(CUDAError) {
    self.driver = driver
    self.device = device
    var context: UInt = 0
    try driver.check(
      driver.functions.retainPrimaryContext(&context, device.handle), "opening the card", device: device.name)
    self.context = context
    try makeCurrent()
  }

  deinit { _ = functions.releasePrimaryContext(device.handle) }

  /// The driver's calls mean the calling thread's current context, and Swift's tasks move between threads.
  @inline(__always) func makeCurrent() throws(CUDAError) {
    try check(functions.setCurrentContext(context), "selecting the card")
  }

  /// For ends of objects, which cannot throw.
  func makeCurrentIfPossible() { _ = functions.setCurrentContext(context) }

  @inline(__always) func check(_ code: Int32, _ operation: @autoclosure () -> String) throws(CUDAError) {
    if code != 0 { try fail(code, operation()) }
  }

  private func fail(_ code: Int32, _ operation: String) throws(CUDAError) {
    try driver.check(code, operation, device: device.name)
  }
}
