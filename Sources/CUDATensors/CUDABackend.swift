import CUDARuntime
import Glibc
import Tensors

/// A card: kernels of the folder Kernels and cuBLASLt's products, all on one stream in the order in which they are
/// asked for.
///
/// Tensors lie in the card's memory (``DeviceMemory``): their addresses mean nothing to the host. Operations return
/// when they are put into the stream. They do not throw, as those of the processor do not: what goes wrong in one ends
/// the process with a sentence, nothing being half written.
public struct CUDABackend: Backend {
  /// The card.
  public let context: CUDAContext
  /// Its kernels.
  public let kernels: KernelLibrary
  /// Memory for what an operation needs while it runs. As the stream works in order, it may be let go at once.
  public let workspace: Arena
  private let memory: DeviceMemory

  /// Computes on a card.
  /// - Parameter memory: where arenas have their memory from, if it is to be divided otherwise than usual.
  public init(_ context: CUDAContext, memory: DeviceMemory? = nil) {
    self.context = context
    self.memory = memory ?? DeviceMemory(context)
    kernels = KernelLibrary(context) { KernelFile(rawValue: $0)?.text ?? "" }
    workspace = Arena(self.memory)
  }

  public func makeArena() -> Arena { Arena(memory) }

  public var deviceBytes: Int? { try? context.memory().reserved }

  public var fullProduct: (rows: Int, inputs: Int, outputs: Int) {
    let side = min(8192, context.device.multiprocessors * 64 / 512 * 512 + 512)
    return (side, side, side)
  }

  /// Waits until all that was asked for is done.
  public func synchronize() { attempt { () throws(CUDAError) in try context.stream.synchronize() } }

  /// output = x; either may lie in the host's memory.
  public func copy(_ x: Tensor, into output: Tensor) {
    Swift.precondition(x.count == output.count && x.dtype == output.dtype, "a copy of the same size and type")
    let byteCount = x.count * x.dtype.byteCount
    attempt { () throws(CUDAError) in
      if x.isHostAccessible {
        try context.write(UnsafeRawBufferPointer(start: x.pointer, count: byteCount), to: output.deviceAddress)
      } else if output.isHostAccessible {
        try context.read(x.deviceAddress, into: UnsafeMutableRawBufferPointer(start: output.pointer, count: byteCount))
      } else {
        try context.copy(x.deviceAddress, to: output.deviceAddress, byteCount: byteCount)
      }
    }
  }

  public func fillZero(_ x: Tensor) {
    attempt { () throws(CUDAError) in
      try context.fill(x.deviceAddress, byte: 0, byteCount: x.count * x.dtype.byteCount)
    }
  }

  /// What `body` returns; the process ends where it throws.
  func attempt<Result>(_ body: () throws(CUDAError) -> Result) -> Result {
    do { return try body() } catch { Self.fail(error) }
  }

  /// Ends the process as an arena does that finds no memory.
  static func fail(_ error: CUDAError) -> Never {
    let message = "apus: \(error)\n"
    message.withCString { _ = write(2, $0, strlen($0)) }
    exit(1)
  }
}
