/// The driver's functions that Apus calls, by their C names; those whose types changed once carry a version.
///
/// Handles (contexts, modules, functions, streams, events, graphs) are pointers for C and words here, so that they may
/// pass between threads; a device address is a 64-bit number.
struct DriverFunctions: Sendable {
  typealias Word = UnsafeMutablePointer<UInt>
  typealias Number = UnsafeMutablePointer<Int32>
  typealias Text = UnsafeMutablePointer<CChar>
  typealias OfNumber = @convention(c) @Sendable (Number?) -> Int32
  typealias OfWord = @convention(c) @Sendable (UInt) -> Int32
  typealias OfTwoWords = @convention(c) @Sendable (UInt, UInt) -> Int32
  typealias MakesWord = @convention(c) @Sendable (Word?, UInt32) -> Int32
  typealias Explains = @convention(c) @Sendable (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32

  let initialize: @convention(c) @Sendable (UInt32) -> Int32
  let driverVersion: OfNumber
  let errorName: Explains
  let errorText: Explains

  let deviceCount: OfNumber
  let device: @convention(c) @Sendable (Number?, Int32) -> Int32
  let deviceName: @convention(c) @Sendable (Text?, Int32, Int32) -> Int32
  let deviceMemory: @convention(c) @Sendable (Word?, Int32) -> Int32
  let deviceAttribute: @convention(c) @Sendable (Number?, Int32, Int32) -> Int32

  let retainPrimaryContext: @convention(c) @Sendable (Word?, Int32) -> Int32
  let releasePrimaryContext: @convention(c) @Sendable (Int32) -> Int32
  let setCurrentContext: OfWord

  let allocate: @convention(c) @Sendable (UnsafeMutablePointer<UInt64>?, Int) -> Int32
  let free: @convention(c) @Sendable (UInt64) -> Int32
  let memoryInfo: @convention(c) @Sendable (Word?, Word?) -> Int32
  let allocatePinned: @convention(c) @Sendable (Word?, Int, UInt32) -> Int32
  let freePinned: OfWord
  let copy: @convention(c) @Sendable (UInt64, UInt64, Int, UInt) -> Int32
  let fillBytes: @convention(c) @Sendable (UInt64, UInt8, Int, UInt) -> Int32

  let createStream: MakesWord
  let destroyStream: OfWord
  let synchronizeStream: OfWord
  let streamWaits: @convention(c) @Sendable (UInt, UInt, UInt32) -> Int32
  let createEvent: MakesWord
  let destroyEvent: OfWord
  let recordEvent: OfTwoWords
  let synchronizeEvent: OfWord
  let queryEvent: OfWord
  let elapsedTime: @convention(c) @Sendable (UnsafeMutablePointer<Float>?, UInt, UInt) -> Int32

  let loadModule:
    @convention(c) @Sendable (Word?, UnsafeRawPointer?, UInt32, Number?, UnsafeMutablePointer<UInt>?) -> Int32
  let unloadModule: OfWord
  let moduleFunction: @convention(c) @Sendable (Word?, UInt, UnsafePointer<CChar>?) -> Int32
  let functionAttribute: @convention(c) @Sendable (Number?, Int32, UInt) -> Int32
  let setFunctionAttribute: @convention(c) @Sendable (UInt, Int32, Int32) -> Int32
  /// Since CUDA 12.4.
  let parameterInfo: (@convention(c) @Sendable (UInt, Int, Word?, Word?) -> Int32)?
  let launch:
    @convention(c) @Sendable (
      UInt, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

  let beginCapture: @convention(c) @Sendable (UInt, Int32) -> Int32
  let endCapture: @convention(c) @Sendable (UInt, Word?) -> Int32
  let instantiateGraph: @convention(c) @Sendable (Word?, UInt, UInt64) -> Int32
  let launchGraph: OfTwoWords
  let destroyGraph: OfWord
  let destroyExecutableGraph: OfWord

  /// Looks all of them up.
  init(_ library: LoadedLibrary) throws(CUDAError) {
    initialize = try library.function("cuInit")
    driverVersion = try library.function("cuDriverGetVersion")
    errorName = try library.function("cuGetErrorName")
    errorText = try library.function("cuGetErrorString")
    deviceCount = try library.function("cuDeviceGetCount")
    device = try library.function("cuDeviceGet")
    deviceName = try library.function("cuDeviceGetName")
    deviceMemory = try library.function("cuDeviceTotalMem_v2")
    deviceAttribute = try library.function("cuDeviceGetAttribute")
    retainPrimaryContext = try library.function("cuDevicePrimaryCtxRetain")
    releasePrimaryContext = try library.function("cuDevicePrimaryCtxRelease_v2")
    setCurrentContext = try library.function("cuCtxSetCurrent")
    allocate = try library.function("cuMemAlloc_v2")
    free = try library.function("cuMemFree_v2")
    memoryInfo = try library.function("cuMemGetInfo_v2")
    allocatePinned = try library.function("cuMemHostAlloc")
    freePinned = try library.function("cuMemFreeHost")
    copy = try library.function("cuMemcpyAsync")
    fillBytes = try library.function("cuMemsetD8Async")
    createStream = try library.function("cuStreamCreate")
    destroyStream = try library.function("cuStreamDestroy_v2")
    synchronizeStream = try library.function("cuStreamSynchronize")
    streamWaits = try library.function("cuStreamWaitEvent")
    createEvent = try library.function("cuEventCreate")
    destroyEvent = try library.function("cuEventDestroy_v2")
    recordEvent = try library.function("cuEventRecord")
    synchronizeEvent = try library.function("cuEventSynchronize")
    queryEvent = try library.function("cuEventQuery")
    elapsedTime = try library.function("cuEventElapsedTime")
    loadModule = try library.function("cuModuleLoadDataEx")
    unloadModule = try library.function("cuModuleUnload")
    moduleFunction = try library.function("cuModuleGetFunction")
    functionAttribute = try library.function("cuFuncGetAttribute")
    setFunctionAttribute = try library.function("cuFuncSetAttribute")
    parameterInfo = library.optionalFunction("cuFuncGetParamInfo")
    launch = try library.function("cuLaunchKernel")
    beginCapture = try library.function("cuStreamBeginCapture_v2")
    endCapture = try library.function("cuStreamEndCapture")
    instantiateGraph = try library.function("cuGraphInstantiateWithFlags")
    launchGraph = try library.function("cuGraphLaunch")
    destroyGraph = try library.function("cuGraphDestroy")
    destroyExecutableGraph = try library.function("cuGraphExecDestroy")
  }
}
