import Synchronization

/// Machine code that the driver has loaded.
public final class CUDAModule: Sendable {
  /// The text that it was compiled from, for messages.
  public let name: String
  fileprivate let handle: UInt
  fileprivate let device: OpenDevice

  /// Loads code.
  /// - Throws: ``CUDAError`` with the driver's log where it is none for this card.
  init(_ code: CompiledKernels, _ device: OpenDevice) throws(CUDAError) {
    name = code.name
    self.device = device
    try device.makeCurrent()
    let capacity = 1 << 14
    var log = [UInt8](repeating: 0, count: capacity)
    var module: UInt = 0
    // CU_JIT_ERROR_LOG_BUFFER and its size; PTX, which is text, ends with a zero.
    var options: [Int32] = [5, 6]
    let image = code.bytes + [0]
    let result = log.withUnsafeMutableBytes { log in
      var values = [UInt(bitPattern: log.baseAddress), UInt(capacity)]
      return image.withUnsafeBytes { device.functions.loadModule(&module, $0.baseAddress, 2, &options, &values) }
    }
    let said = String(decoding: log.prefix { $0 != 0 }, as: UTF8.self)
    try device.check(result, "loading the kernels of \(code.name) (\(code.target))\(said.isEmpty ? "" : ", \(said),")")
    handle = module
  }

  deinit {
    device.makeCurrentIfPossible()
    _ = device.functions.unloadModule(handle)
  }

  /// A kernel of the module.
  /// - Throws: ``CUDAError`` where there is none of this name.
  public func kernel(_ kernel: String) throws(CUDAError) -> CUDAKernel { try CUDAKernel(kernel, in: self) }
}

/// A kernel that is ready to be launched.
public final class CUDAKernel: Sendable {
  /// Its name.
  public let name: String
  /// Bytes of the struct that it takes; nil where the driver cannot tell.
  public let argumentBytes: Int?
  let handle: UInt
  let module: CUDAModule
  /// Bytes of dynamic shared memory that it may have so far: more than 48 KiB, with what it declares itself, have to be
  /// asked for.
  private let allowedShared: Atomic<Int>

  init(_ name: String, in module: CUDAModule) throws(CUDAError) {
    self.name = name
    self.module = module
    let device = module.device
    try device.makeCurrent()
    var function: UInt = 0
    try device.check(
      device.functions.moduleFunction(&function, module.handle, name),
      "looking for the kernel \(name) in \(module.name)")
    handle = function
    // CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES.
    allowedShared = Atomic((48 << 10) - (try Self.attribute(1, of: function, named: name, device)))
    var offset: UInt = 0, size: UInt = 0
    let known = device.functions.parameterInfo.map { $0(function, 0, &offset, &size) == 0 } ?? false
    argumentBytes = known ? Int(size) : nil
  }

  /// Registers of a thread and bytes of local memory, where spilled ones go.
  public func resources() throws(CUDAError) -> (registers: Int, localBytes: Int, staticSharedBytes: Int) {
    func attribute(_ number: Int32) throws(CUDAError) -> Int {
      try Self.attribute(number, of: handle, named: name, module.device)
    }
    return (try attribute(4), try attribute(3), try attribute(1))
  }

  private static func attribute(
    _ number: Int32, of function: UInt, named name: String, _ device: OpenDevice
  ) throws(CUDAError) -> Int {
    var value: Int32 = 0
    try device.check(device.functions.functionAttribute(&value, number, function), "asking about the kernel \(name)")
    return Int(value)
  }

  /// Makes sure that blocks may have this much dynamic shared memory.
  func allowShared(_ bytes: Int) throws(CUDAError) {
    if bytes <= allowedShared.load(ordering: .relaxed) { return }
    let device = module.device
    // 8: CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
    try device.check(
      device.functions.setFunctionAttribute(handle, 8, Int32(clamping: bytes)),
      "giving blocks of the kernel \(name) \(bytes) bytes of shared memory (the card has "
        + "\(device.device.sharedMemoryPerBlock) for a block)")
    allowedShared.store(bytes, ordering: .relaxed)
  }
}
