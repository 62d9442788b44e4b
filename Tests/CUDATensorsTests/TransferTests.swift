import CUDARuntime
import CUDATensors
import Tensors
import TestSupport
import Testing

extension CUDATests {
  /// What passes between the host's memory and a card's.
  @Suite struct Transfers {
    /// More than the pinned memory holds through which it goes, and not a multiple of anything.
    @Test func manyBytesArriveThoughTheirSourceChanges() throws {
      let context = try EmulatedCard.context()
      let count = (5 << 20) + 12_345
      let memory = try context.allocate(byteCount: count)
      let pattern = (0..<65_521).map { _ in UInt8.random(in: 0...255) }
      let original = [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
        for start in stride(from: 0, to: count, by: pattern.count) {
          let end = min(count, start + pattern.count)
          _ = bytes[start..<end].update(fromContentsOf: pattern.prefix(end - start))
        }
        initialized = count
      }
      var bytes = original
      var start = 0
      var length = 1
      while start < count {
        let range = start..<min(count, start + length)
        try bytes.withUnsafeMutableBytes { all in
          let part = UnsafeMutableRawBufferPointer(rebasing: all[range])
          try context.write(UnsafeRawBufferPointer(part), to: memory + start)
          part.initializeMemory(as: UInt8.self, repeating: 0xff)
        }
        start = range.upperBound
        length = length * 3 + 1
      }
      var read = [UInt8](repeating: 0, count: count)
      try read.withUnsafeMutableBytes { try context.read(memory, into: $0) }
      #expect(read == original)
      try context.free(memory, byteCount: count)
    }

    @Test func copiesBetweenAllMemories() throws {
      let backend = try EmulatedCard.backend()
      var random = TestRandom()
      for dtype in [DType.float32, .bfloat16] {
        let host = Arena(), pinned = Arena(PinnedMemory(backend.context)), card = backend.makeArena()
        let x = Tensor(random.normals(777), shape: [777], dtype: dtype, in: host)
        let a = Tensor([777], dtype, in: card), b = Tensor([777], dtype, in: card)
        let c = Tensor([777], dtype, in: pinned), d = Tensor([777], dtype, in: card)
        backend.copy(x, into: a)
        backend.copy(a, into: b)
        backend.copy(b, into: c)
        backend.copy(c, into: d)
        #expect(d.toFloats() == x.toFloats() && c.toFloats() == x.toFloats())
        backend.fillZero(d)
        #expect(d.toFloats() == [Float](repeating: 0, count: 777))
      }
    }

    /// What a graph uploads is copied again when it is launched, though the source is gone.
    @Test func aGraphKeepsWhatItCopies() throws {
      let context = try EmulatedCard.context()
      let memory = try context.allocate(byteCount: 64)
      let bytes = (0..<64).map { _ in UInt8.random(in: 0...255) }
      let graph = try context.recordGraph { try bytes.withUnsafeBytes { try context.write($0, to: memory) } }
      for _ in 0..<2 {
        try context.fill(memory, byte: 0, byteCount: 64)
        try graph.launch(in: context.stream)
        var read = [UInt8](repeating: 0, count: 64)
        try read.withUnsafeMutableBytes { try context.read(memory, into: $0) }
        #expect(read == bytes)
      }
      try context.free(memory, byteCount: 64)
    }

    @Test func anErrorWhileRecordingLeavesTheStreamUsable() throws {
      struct Stop: Error {}
      let context = try EmulatedCard.context()
      #expect(throws: Stop.self) { try context.recordGraph { throw Stop() } }
      #expect(!context.isRecording)
      try CUDABackend.probe(context)
    }

    @Test func arenasTellWhatIsReserved() throws {
      let context = try EmulatedCard.context()
      let before = try context.memory()
      do {
        let arena = Arena(DeviceMemory(context))
        let tensor = Tensor([1000], .float32, in: arena)
        #expect(!tensor.isHostAccessible && arena.statistics.inUse >= 4000)
        let during = try context.memory()
        #expect(during.reserved - before.reserved >= arena.statistics.reserved)
        #expect(before.free - during.free >= arena.statistics.reserved)
        let advice = DeviceMemory(context).advice(wanted: 1 << 30)
        #expect(advice.contains(context.device.name) && advice.contains("micro-batch") && advice.contains("recompute"))
      }
      #expect(try context.memory().reserved == before.reserved)
    }

    @Test func eventsMeasureTheCardsTime() throws {
      let context = try EmulatedCard.context()
      let memory = try context.allocate(byteCount: 1 << 20)
      let seconds = try context.seconds { try context.fill(memory, byte: 1, byteCount: 1 << 20) }
      #expect(seconds >= 0 && seconds < 10)
      let other = try context.makeStream(), event = try context.makeEvent()
      try event.record(in: context.stream)
      try other.wait(for: event)
      try other.synchronize()
      #expect(try event.isReached())
      try context.free(memory, byteCount: 1 << 20)
    }

    @Test func kernelsMayBeAskedForByManyAtOnce() async throws {
      let context = try EmulatedCard.context()
      let library = KernelLibrary(context) { _ in KernelFile.probe.text }
      let kernels = try await withThrowingTaskGroup(of: CUDAKernel.self) { group in
        for _ in 0..<8 { group.addTask { try library.kernel(KernelKey("probe", file: "probe", type: "float")) } }
        return try await group.reduce(into: [CUDAKernel]()) { $0.append($1) }
      }
      #expect(Set(kernels.map(\.name)) == ["probe"])
      #expect(kernels.allSatisfy { $0.argumentBytes == 40 })
    }
  }
}
