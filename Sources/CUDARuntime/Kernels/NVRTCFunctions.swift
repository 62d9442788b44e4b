/// NVRTC's functions that Apus calls, by their C names; a program is a pointer for C and a word here.
struct NVRTCFunctions: Sendable {
  typealias Size = @convention(c) @Sendable (UInt, UnsafeMutablePointer<UInt>?) -> Int32
  typealias Content = @convention(c) @Sendable (UInt, UnsafeMutableRawPointer?) -> Int32
  typealias Numbers = @convention(c) @Sendable (UnsafeMutablePointer<Int32>?) -> Int32

  let version: @convention(c) @Sendable (UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?) -> Int32
  let errorText: @convention(c) @Sendable (Int32) -> UnsafePointer<CChar>?
  let architectureCount: Numbers
  let architectures: Numbers
  let create:
    @convention(c) @Sendable (
      UnsafeMutablePointer<UInt>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, Int32, UnsafeRawPointer?,
      UnsafeRawPointer?
    ) -> Int32
  let destroy: @convention(c) @Sendable (UnsafeMutablePointer<UInt>?) -> Int32
  let compile: @convention(c) @Sendable (UInt, Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32
  let logSize: Size
  let log: Content
  let ptxSize: Size
  let ptx: Content
  let cubinSize: Size
  let cubin: Content

  /// Looks all of them up.
  init(_ library: LoadedLibrary) throws(CUDAError) {
    version = try library.function("nvrtcVersion")
    errorText = try library.function("nvrtcGetErrorString")
    architectureCount = try library.function("nvrtcGetNumSupportedArchs")
    architectures = try library.function("nvrtcGetSupportedArchs")
    create = try library.function("nvrtcCreateProgram")
    destroy = try library.function("nvrtcDestroyProgram")
    compile = try library.function("nvrtcCompileProgram")
    logSize = try library.function("nvrtcGetProgramLogSize")
    log = try library.function("nvrtcGetProgramLog")
    ptxSize = try library.function("nvrtcGetPTXSize")
    ptx = try library.function("nvrtcGetPTX")
    cubinSize = try library.function("nvrtcGetCUBINSize")
    cubin = try library.function("nvrtcGetCUBIN")
  }
}
