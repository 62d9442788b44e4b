/// A card and what it has.
public struct CUDADevice: Sendable, Equatable {
  /// Its number among the visible cards.
  public let index: Int
  /// The name that the driver gives it, as "NVIDIA H200".
  public let name: String
  /// What its machine code may use, as 9.0 for Hopper.
  public let capability: CUDAVersion
  /// Bytes of its memory.
  public let memory: Int
  /// Number of its multiprocessors.
  public let multiprocessors: Int
  /// Bytes of its second-level cache.
  public let l2Cache: Int
  /// Bytes of shared memory that a kernel which asks for more than the usual 48 KiB may have in a block.
  public let sharedMemoryPerBlock: Int
  /// Bytes of shared memory of a multiprocessor.
  public let sharedMemoryPerMultiprocessor: Int
  /// Highest clock of its multiprocessors in hertz; 0 where the driver does not tell.
  public let clock: Double
  /// The driver's handle.
  let handle: Int32

  /// Asks the driver.
  /// - Throws: ``CUDAError`` where there is no card of this number.
  public init(_ index: Int, of driver: CUDADriver) throws(CUDAError) {
    let count = try driver.deviceCount()
    guard (0..<count).contains(index) else {
      let several = count == 1 ? "there is one, cuda:0" : "there are \(count), from cuda:0 on"
      let there = count == 0 ? "there is none" : several
      throw CUDAError(.noDevice, "there is no card cuda:\(index): \(there)")
    }
    let functions = driver.functions
    var device: Int32 = 0
    try driver.check(functions.device(&device, Int32(index)), "opening cuda:\(index)")
    var text = [CChar](repeating: 0, count: 256)
    try driver.check(functions.deviceName(&text, 255, device), "asking for the name of cuda:\(index)")
    let name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    var bytes: UInt = 0
    try driver.check(functions.deviceMemory(&bytes, device), "asking for the memory of \(name)")
    func attribute(_ number: Int32) throws(CUDAError) -> Int {
      var value: Int32 = 0
      try driver.check(functions.deviceAttribute(&value, number, device), "asking for attribute \(number) of \(name)")
      return Int(value)
    }
    self.index = index
    self.name = name
    handle = device
    memory = Int(bytes)
    // Numbers of CUdevice_attribute in cuda.h.
    capability = CUDAVersion(try attribute(75), try attribute(76))
    multiprocessors = try attribute(16)
    l2Cache = try attribute(38)
    sharedMemoryPerBlock = try attribute(97)
    sharedMemoryPerMultiprocessor = try attribute(81)
    clock = Double((try? attribute(13)) ?? 0) * 1000
  }

  /// All visible cards.
  /// - Throws: ``CUDAError`` where one does not answer.
  public static func all(of driver: CUDADriver) throws(CUDAError) -> [CUDADevice] {
    var devices: [CUDADevice] = []
    for index in 0..<(try driver.deviceCount()) { devices.append(try CUDADevice(index, of: driver)) }
    return devices
  }
}
