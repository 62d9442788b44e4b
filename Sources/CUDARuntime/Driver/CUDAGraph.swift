/// Work that was recorded once and is put into a stream whole, at the cost of one launch.
public final class CUDAGraph: Sendable {
  private let graph: UInt
  private let executable: UInt
  private let device: OpenDevice
  /// What the recorded work reads, as pinned memory with arguments. The driver waits before it frees any.
  private let kept: [any Sendable]

  init(_ graph: UInt, _ device: OpenDevice, keeping kept: [any Sendable]) throws(CUDAError) {
    self.graph = graph
    self.device = device
    self.kept = kept
    var executable: UInt = 0
    do throws(CUDAError) {
      try device.check(device.functions.instantiateGraph(&executable, graph, 0), "making a graph of recorded work")
    } catch {
      _ = device.functions.destroyGraph(graph)
      throw error
    }
    self.executable = executable
  }

  deinit {
    device.makeCurrentIfPossible()
    _ = device.functions.destroyExecutableGraph(executable)
    _ = device.functions.destroyGraph(graph)
  }

  /// Puts the work into a stream.
  public func launch(in stream: CUDAStream) throws(CUDAError) {
    try device.makeCurrent()
    try device.check(device.functions.launchGraph(executable, stream.handle), "launching a graph")
  }
}

extension CUDAContext {
  /// Records what `body` puts into ``stream`` instead of doing it.
  ///
  /// The work is done at the same addresses whenever the graph is launched: memory that it uses belongs to it as long
  /// as it lives. `body` must not wait for the card, nor ask it anything.
  /// - Throws: what `body` throws, or ``CUDAError`` where it did what cannot be recorded.
  public func recordGraph(_ body: () throws -> Void) throws -> CUDAGraph {
    try open.makeCurrent()
    // 2: allocations on this and other threads go on.
    try open.check(open.functions.beginCapture(stream.handle, 2), "beginning to record a graph")
    capture.withLock { $0 = [] }
    func end() throws -> UInt {
      var graph: UInt = 0
      try open.check(open.functions.endCapture(stream.handle, &graph), "recording a graph")
      return graph
    }
    do {
      try body()
    } catch {
      _ = capture.withLock { $0.take() }
      if let graph = try? end(), graph != 0 { _ = open.functions.destroyGraph(graph) }
      throw error
    }
    let kept = capture.withLock { $0.take() } ?? []
    return try CUDAGraph(try end(), open, keeping: kept)
  }

  /// Whether a graph is being recorded.
  public var isRecording: Bool { capture.withLock { $0 != nil } }

  /// Lets the graph that is being recorded keep `object` as long as it lives.
  public func keepForGraph(_ object: any Sendable) { capture.withLock { $0?.append(object) } }
}
