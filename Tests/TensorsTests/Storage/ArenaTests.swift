import Dispatch
import Synchronization
import Tensors
import Testing
import TestSupport

extension EngineTests {
  @Suite struct ArenaMemory {
    /// After the first step of each shape nothing more is asked of the system, and nothing stays in use.
    @Test(arguments: [DType.float32, .bfloat16])
    func stepsReuseMemory(compute: DType) {
      var random = TestRandom()
      let lengths = [40, 33, 12]
      let blocks = lengths.map { TestBlock(length: $0, &random) }
      let execution = Execution(compute: compute)
      func step(_ block: TestBlock, _ recomputing: Bool) {
        let x = input([block.tokens, 16], &random)
        var tape = Tape(execution)
        let variable = tape.variable(Tensor(x.values, shape: x.shape, dtype: compute, in: execution.arena))
        let result = block.loss(variable, recomputing: recomputing, on: &tape)
        tape.backward(from: result.gradients, to: [variable])
        block.weights.version.advance()
      }
      for block in blocks { for recomputing in [false, true] { step(block, recomputing) } }
      let reserved = execution.arena.statistics.reserved
      let weights = blocks.map { $0.weights.arena.statistics.reserved }
      #expect(reserved > 0)
      for i in 0..<20 {
        step(blocks[i % 3], i % 2 == 0)
        #expect(execution.arena.statistics.inUse == 0, "step \(i)")
        #expect(execution.arena.statistics.reserved == reserved, "step \(i)")
        #expect(blocks.map { $0.weights.arena.statistics.reserved } == weights, "step \(i)")
      }
    }

    @Test func sizeClasses() {
      let arena = Arena()
      var random = TestRandom()
      let sizes = Array(0...2100) + (0..<500).map { _ in Int.random(in: 2000...40_000_000, using: &random) }
      var previous = 0
      for size in sizes.sorted() {
        let given = arena.allocate(byteCount: size).byteCount
        #expect(given >= size && given % 64 == 0 && given >= previous, "\(size) bytes gave \(given)")
        #expect(size < 512 || (given - size) * 8 <= size, "\(size) bytes gave \(given)")
        #expect(arena.allocate(byteCount: given).byteCount == given, "the class of \(given) is another")
        previous = given
      }
      let classes = Set((4097...8192).map { arena.allocate(byteCount: $0).byteCount })
      #expect(classes.count == 8)
    }

    @Test func blocksAreAlignedWritableAndCounted() {
      let arena = Arena()
      var held = [1, 64, 65, 5000, 1 << 20, (1 << 20) + 1, 9_999_999].map { arena.allocate(byteCount: $0) }
      for (i, storage) in held.enumerated() {
        #expect(Int(bitPattern: storage.pointer) % 64 == 0)
        storage.pointer.initializeMemory(as: UInt8.self, repeating: UInt8(i), count: storage.byteCount)
      }
      for (i, storage) in held.enumerated() {
        let bytes = UnsafeRawBufferPointer(start: storage.pointer, count: storage.byteCount)
        #expect(bytes.allSatisfy { $0 == UInt8(i) }, "block \(i) shares memory with another")
      }
      let total = held.reduce(0) { $0 + $1.byteCount }
      #expect(arena.statistics == (inUse: total, peak: total, reserved: total))
      let last = held.removeLast()
      let address = last.pointer
      held.removeAll()
      #expect(arena.statistics == (inUse: last.byteCount, peak: total, reserved: total))
      last.pointer.storeBytes(of: 7, as: UInt8.self)
      let byteCount = last.byteCount
      _ = consume last
      let again = arena.allocate(byteCount: byteCount - 100)
      #expect(again.pointer == address && arena.statistics.reserved == total)
    }

    @Test func manyThreads() {
      let arena = Arena()
      let wrong = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        for i in 0..<2000 {
          let storage = arena.allocate(byteCount: 64 * (i % 5 + 1))
          let tag = thread * 10_000 + i
          storage.pointer.storeBytes(of: tag, as: Int.self)
          (storage.pointer + storage.byteCount - 8).storeBytes(of: tag, as: Int.self)
          let second = arena.allocate(byteCount: 64 * (i % 3 + 1))
          second.pointer.storeBytes(of: -1, as: Int.self)
          let ends = (
            storage.pointer.load(as: Int.self), (storage.pointer + storage.byteCount - 8).load(as: Int.self)
          )
          if ends != (tag, tag) { wrong.add(1, ordering: .relaxed) }
        }
      }
      #expect(wrong.load(ordering: .relaxed) == 0)
      #expect(arena.statistics.inUse == 0)
    }
  }
}
