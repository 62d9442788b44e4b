/// Pinned memory through which bytes of the host go to the card, so that the caller may change them at once and the
/// host waits for nothing but room.
///
/// The driver would do the same for ordinary memory, but may wait for the stream first.
struct Staging: Sendable {
  private struct Chunk {
    let memory: UInt
    /// Reached when the card has taken all that the chunk holds.
    let taken: CUDAEvent
  }
  private static let chunkBytes = 1 << 20
  private static let chunkCount = 4

  private var chunks: [Chunk] = []
  private var current = 0
  private var used = 0

  /// Copies bytes to the card in the order of the stream.
  mutating func write(
    _ bytes: UnsafeRawBufferPointer, to address: DeviceAddress, in context: CUDAContext
  ) throws(CUDAError) {
    var done = 0
    while done < bytes.count {
      if chunks.isEmpty { chunks.append(try Self.chunk(context)) }
      if used == Self.chunkBytes { try advance(context) }
      let count = min(bytes.count - done, Self.chunkBytes - used)
      guard let pinned = UnsafeMutableRawPointer(bitPattern: chunks[current].memory + UInt(used)),
        let source = bytes.baseAddress
      else { return }
      pinned.copyMemory(from: source + done, byteCount: count)
      try context.copy(DeviceAddress(pinned), to: address + done, byteCount: count)
      used = min(Self.chunkBytes, (used + count + 255) / 256 * 256)
      done += count
    }
  }

  /// Goes on to the next chunk when the card has taken what it held.
  private mutating func advance(_ context: CUDAContext) throws(CUDAError) {
    try chunks[current].taken.record(in: context.stream)
    if chunks.count < Self.chunkCount {
      chunks.append(try Self.chunk(context))
      current = chunks.count - 1
    } else {
      current = (current + 1) % Self.chunkCount
      try chunks[current].taken.synchronize()
    }
    used = 0
  }

  private static func chunk(_ context: CUDAContext) throws(CUDAError) -> Chunk {
    let memory = try context.allocatePinned(byteCount: chunkBytes)
    return Chunk(memory: UInt(bitPattern: memory), taken: try context.makeEvent())
  }

  /// Gives the memory back; nothing that was begun may still use it.
  func free(_ context: OpenDevice) {
    for chunk in chunks { _ = context.functions.freePinned(chunk.memory) }
  }
}
