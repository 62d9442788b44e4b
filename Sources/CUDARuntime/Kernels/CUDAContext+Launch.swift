/// How many blocks a kernel is launched with, in each direction.
public struct Grid: Sendable, Equatable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Blocks in each direction; y and z are at most 65,535.
  public var x: Int, y: Int, z: Int

  /// A grid of x times y times z blocks.
  public init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// A row of blocks.
  public init(integerLiteral value: Int) { self.init(value) }

  /// Number of blocks.
  public var count: Int { x * y * z }
  public var description: String { "\(x) x \(y) x \(z)" }
}

extension CUDAContext {
  /// Puts a kernel into the stream; a grid without blocks does nothing.
  /// - Parameters:
  ///   - threads: threads of a block.
  ///   - sharedBytes: dynamic shared memory of a block.
  ///   - arguments: the kernel's one struct, as it lies in memory.
  /// - Throws: ``CUDAError`` with the kernel, grid and sizes.
  public func launch(
    _ kernel: CUDAKernel, grid: Grid, threads: Int, sharedBytes: Int = 0, arguments: UnsafeRawBufferPointer
  ) throws(CUDAError) {
    if grid.count == 0 { return }
    if let size = kernel.argumentBytes, size != arguments.count {
      throw CUDAError(
        .arguments,
        "the kernel \(kernel.name) of \(kernel.module.name) takes \(size) bytes of arguments, "
          + "\(arguments.count) were given")
    }
    try kernel.allowShared(sharedBytes)
    try open.makeCurrent()
    func size(_ number: Int) -> UInt32 { UInt32(clamping: number) }
    let code = withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 1) { parameters in
      parameters.initializeElement(at: 0, to: UnsafeMutableRawPointer(mutating: arguments.baseAddress))
      return open.functions.launch(
        kernel.handle, size(grid.x), size(grid.y), size(grid.z), size(threads), 1, 1, size(sharedBytes), stream.handle,
        parameters.baseAddress, nil)
    }
    if code != 0 || waitsForLaunches { try finish(code, kernel, grid, threads, sharedBytes) }
  }

  /// What is rare about a launch: an error, or waiting to see whether there is one.
  private func finish(
    _ code: Int32, _ kernel: CUDAKernel, _ grid: Grid, _ threads: Int, _ sharedBytes: Int
  ) throws(CUDAError) {
    let shared = sharedBytes > 0 ? " and \(sharedBytes) bytes of shared memory" : ""
    let what = "the kernel \(kernel.name) of \(kernel.module.name) in \(grid) blocks of \(threads) threads\(shared)"
    try open.check(code, what)
    if !isRecording { try stream.synchronize(what) }
  }
}
