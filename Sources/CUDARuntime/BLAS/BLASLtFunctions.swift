/// cuBLASLt's functions that Apus calls, by their C names; descriptors are pointers for C and words here.
struct BLASLtFunctions: Sendable {
  typealias Word = UnsafeMutablePointer<UInt>
  typealias OfWord = @convention(c) @Sendable (UInt) -> Int32
  typealias SetsAttribute = @convention(c) @Sendable (UInt, Int32, UnsafeRawPointer?, Int) -> Int32

  let library: LoadedLibrary
  let version: @convention(c) @Sendable () -> Int
  let statusName: @convention(c) @Sendable (Int32) -> UnsafePointer<CChar>?
  let create: @convention(c) @Sendable (Word?) -> Int32
  let destroy: OfWord
  let createOperation: @convention(c) @Sendable (Word?, Int32, Int32) -> Int32
  let destroyOperation: OfWord
  let setOperation: SetsAttribute
  let createLayout: @convention(c) @Sendable (Word?, Int32, UInt64, UInt64, Int64) -> Int32
  let destroyLayout: OfWord
  let createPreference: @convention(c) @Sendable (Word?) -> Int32
  let destroyPreference: OfWord
  let setPreference: SetsAttribute
  let findAlgorithms:
    @convention(c) @Sendable (
      UInt, UInt, UInt, UInt, UInt, UInt, UInt, Int32, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?
    ) -> Int32
  let multiply:
    @convention(c) @Sendable (
      UInt, UInt, UnsafeRawPointer?, UInt64, UInt, UInt64, UInt, UnsafeRawPointer?, UInt64, UInt, UInt64, UInt,
      UnsafeRawPointer?, UInt64, Int, UInt
    ) -> Int32

  /// Looks all of them up.
  init(_ library: LoadedLibrary) throws(CUDAError) {
    self.library = library
    version = try library.function("cublasLtGetVersion")
    statusName = try library.function("cublasLtGetStatusName")
    create = try library.function("cublasLtCreate")
    destroy = try library.function("cublasLtDestroy")
    createOperation = try library.function("cublasLtMatmulDescCreate")
    destroyOperation = try library.function("cublasLtMatmulDescDestroy")
    setOperation = try library.function("cublasLtMatmulDescSetAttribute")
    createLayout = try library.function("cublasLtMatrixLayoutCreate")
    destroyLayout = try library.function("cublasLtMatrixLayoutDestroy")
    createPreference = try library.function("cublasLtMatmulPreferenceCreate")
    destroyPreference = try library.function("cublasLtMatmulPreferenceDestroy")
    setPreference = try library.function("cublasLtMatmulPreferenceSetAttribute")
    findAlgorithms = try library.function("cublasLtMatmulAlgoGetHeuristic")
    multiply = try library.function("cublasLtMatmul")
  }
}
