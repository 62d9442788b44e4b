import CUDARuntime
import CUDATensors
import TestSupport
import Testing

extension CUDATests {
  /// The emulation itself, and the runtime on it.
  @Suite struct Emulation {
    /// Barriers, collectives, matrix instructions, errors; the driver's calls; products: all that needs no Swift.
    @Test func keepsItsPromises() throws {
      #expect(try EmulatedCard.run("self_test.sh", EmulatedCard.buildFolder).contains("all holds"))
    }

    @Test func probes() throws { try CUDABackend.probe(try EmulatedCard.context()) }

    private struct Arguments {
      var memory: DeviceAddress
      var count: Int64
    }

    private static let text = """
      struct Arguments { int64 *x, count; };
      KERNEL_OF(64, increase, Arguments) { if (global_thread() < a.count) a.x[global_thread()] += 1; }
      KERNEL(stray, Arguments) { a.x[a.count] = 1; }
      """

    /// A kernel of the text above on a card, and memory for 128 integers.
    private func prepare(device: Int, _ kernel: String) throws -> (CUDAContext, CUDAKernel, Arguments) {
      let context = try EmulatedCard.context(device: device)
      let library = KernelLibrary(context) { _ in KernelFile.probe.text + Self.text }
      let memory = try context.allocate(byteCount: 1024)
      let ready = try library.kernel(KernelKey(kernel, file: "test", type: nil))
      return (context, ready, Arguments(memory: memory, count: 128))
    }

    private func launch<Value>(_ context: CUDAContext, _ kernel: CUDAKernel, threads: Int = 64, _ value: Value) throws {
      try withUnsafeBytes(of: value) { try context.launch(kernel, grid: 2, threads: threads, arguments: $0) }
    }

    private func read(_ context: CUDAContext, _ memory: DeviceAddress) throws -> Int64 {
      var value: Int64 = 0
      try withUnsafeMutablePointer(to: &value) {
        try context.copy(memory, to: DeviceAddress(UnsafeRawPointer($0)), byteCount: 8)
        try context.stream.synchronize()
      }
      return value
    }

    @Test func recordsAGraph() throws {
      let (context, kernel, arguments) = try prepare(device: 0, "increase")
      try context.fill(arguments.memory, byte: 0, byteCount: 1024)
      let graph = try context.recordGraph { try launch(context, kernel, arguments) }
      #expect(try read(context, arguments.memory) == 0)
      for _ in 0..<3 { try graph.launch(in: context.stream) }
      #expect(try read(context, arguments.memory) == 3)
      try context.free(arguments.memory, byteCount: 1024)
    }

    @Test func refusesALaunch() throws {
      let (context, kernel, arguments) = try prepare(device: 0, "increase")
      let text = sentence { try launch(context, kernel, threads: 128, arguments) }
      #expect(text.contains("the kernel increase of test in 2 x 1 x 1 blocks of 128 threads on Emulated Card"))
      #expect(text.contains("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"))
      #expect(
        sentence { try launch(context, kernel, arguments.count) }
          .contains("the kernel increase of test takes 16 bytes of arguments, 8 were given"))
      try context.free(arguments.memory, byteCount: 1024)
    }

    @Test func tellsWhatDoesNotCompile() throws {
      let library = KernelLibrary(try EmulatedCard.context()) { _ in "KERNEL(x, Missing) {}" }
      let text = sentence { _ = try library.kernel(KernelKey("x", file: "test", type: nil)) }
      #expect(text.contains("test does not compile for sm_90a") && text.contains("Missing"))
    }

    /// One test, as they share the small card: what breaks it stays until nothing uses it any more.
    @Test func endsOfACard() throws {
      do {
        let context = try EmulatedCard.context(device: 1)
        let total = try context.memory().total
        do throws(CUDAError) {
          _ = try context.allocate(byteCount: total + 1)
          Issue.record("more memory than there is")
        } catch {
          #expect(error.kind == .outOfMemory)
          #expect(error.description.contains("reserving \(total + 1) bytes on Small Emulated Card"))
        }
      }
      do {
        let (context, kernel, arguments) = try prepare(device: 1, "stray")
        try launch(context, kernel, arguments)
        let text = sentence { try context.stream.synchronize() }
        #expect(text.contains("CUDA_ERROR_ILLEGAL_ADDRESS") && text.contains("kernel stray, block (0, 0, 0)"))
        #expect(sentence { _ = try context.allocate(byteCount: 1) }.contains("CUDA_ERROR_ILLEGAL_ADDRESS"))
      }
      let (context, kernel, arguments) = try prepare(device: 1, "increase")
      try launch(context, kernel, arguments)
      #expect(try read(context, arguments.memory) == 0, "fresh memory holds ones: -1 increased")
    }
  }
}
