import Tensors

/// One thing that a mixer remembers of a sequence: the shape of a sum, or of the last few rows of something.
struct MemoryShape: Hashable, Sendable {
  let shape: [Int]
  /// Sums are float32; rows are of the type of the computation.
  let isSum: Bool

  static func sum(_ shape: Int...) -> MemoryShape { MemoryShape(shape: shape, isSum: true) }
  static func rows(_ count: Int, _ width: Int) -> MemoryShape { MemoryShape(shape: [count, width], isSum: false) }

  func byteCount(_ compute: DType) -> Int { shape.reduce(1, *) * (isSum ? DType.float32 : compute).byteCount }
}

/// What a mixer that sums the past up remembers of one sequence: as much after a million tokens as after one.
struct RecurrentState: MixerState {
  private(set) var memories: [Tensor]
  private(set) var count = 0

  init(_ shapes: [MemoryShape], in execution: Execution) {
    memories = shapes.map { execution.tensor($0.shape, $0.isSum ? .float32 : nil) }
  }

  var capacity: Int { .max }
  var isTruncatable: Bool { false }

  /// Forgets all unless no token is to be forgotten.
  mutating func truncate(to count: Int) {
    if count < self.count { self.count = 0 }
  }

  func copied(capacity: Int, in execution: Execution) -> any MixerState {
    var copy = self
    copy.memories = memories.map { memory in
      let new = execution.tensor(memory.shape, memory.dtype)
      execution.backend.copy(memory, into: new)
      return new
    }
    return copy
  }

  /// Takes in `tokens` more; before the first ones the memories are zero.
  mutating func begin(_ tokens: Int, in execution: Execution) {
    if count == 0 { for memory in memories { execution.backend.fillZero(memory) } }
    count += tokens
  }
}
