import Formats
import Synchronization

/// One card in use: its memory, the stream on which everything runs in order, and what compiles and multiplies for it.
public final class CUDAContext: Sendable {
  /// The card.
  public let device: CUDADevice
  /// The driver.
  public let driver: CUDADriver
  /// What everything runs on unless another is named.
  public let stream: CUDAStream
  /// Compiles kernels for the card.
  public let compiler: KernelCompiler
  let open: OpenDevice
  let bytesReserved = Atomic<Int>(0)
  let capture = Mutex<[any Sendable]?>(nil)
  let staging = Mutex(Staging())
  /// Waits after every launch, so that what goes wrong in a kernel is told of that kernel.
  let waitsForLaunches: Bool
  private let finder: LibraryFinder
  private let openedBLAS = Mutex<Result<BLASLt, CUDAError>?>(nil)

  /// Opens a card.
  /// - Parameters:
  ///   - index: the card's number among the visible ones.
  ///   - finder: where the libraries are looked for.
  ///   - cache: where compiled kernels are kept; nil compiles them in every process.
  /// - Throws: ``CUDAError`` where the driver, NVRTC or the card is missing.
  public init(
    device index: Int = 0, finder: LibraryFinder = LibraryFinder(), cache: KernelCache? = .standard()
  ) throws(CUDAError) {
    driver = try CUDADriver(finder)
    device = try CUDADevice(index, of: driver)
    open = try OpenDevice(device, of: driver)
    stream = try CUDAStream(open)
    self.finder = finder
    let nvrtc = try NVRTC(finder, driverMajor: driver.version.major)
    compiler = KernelCompiler(
      nvrtc, target: try nvrtc.target(for: device), driver: driver.version.description, cache: cache)
    waitsForLaunches = finder.environment["APUS_CUDA_SYNCHRONIZE"].map { !["", "0"].contains($0) } ?? false
  }

  deinit {
    try? stream.synchronize()
    staging.withLock { $0.free(open) }
  }

  /// cuBLASLt, opened when it is first asked for.
  /// - Throws: ``CUDAError`` where it is missing; it is looked for once.
  public func blas() throws(CUDAError) -> BLASLt {
    let result: Result<BLASLt, CUDAError> = openedBLAS.withLock { opened in
      let result = opened ?? openBLAS()
      opened = result
      return result
    }
    return try result.get()
  }

  private func openBLAS() -> Result<BLASLt, CUDAError> {
    do throws(CUDAError) {
      let library = try finder.open(.cublasLt, driverMajor: driver.version.major)
      return .success(try BLASLt(BLASLtFunctions(library), open))
    } catch { return .failure(error) }
  }

  /// A stream beside ``stream``, for copies that overlap with computing.
  public func makeStream() throws(CUDAError) -> CUDAStream {
    try open.makeCurrent()
    return try CUDAStream(open)
  }

  /// A mark to put into streams.
  /// - Parameter timed: whether it takes part in measuring time.
  public func makeEvent(timed: Bool = false) throws(CUDAError) -> CUDAEvent {
    try open.makeCurrent()
    return try CUDAEvent(open, timed: timed)
  }

  /// Seconds that the card works on what `body` puts into the stream.
  public func seconds(of body: () throws -> Void) throws -> Double {
    let start = try makeEvent(timed: true), end = try makeEvent(timed: true)
    try start.record(in: stream)
    try body()
    try end.record(in: stream)
    try end.synchronize()
    return try end.seconds(since: start)
  }
}
