import Synchronization

extension CUDAContext {
  /// Memory of the card, aligned to 256 bytes, contents undefined.
  /// - Throws: ``CUDAError`` of the kind `outOfMemory` where there is not as much.
  public func allocate(byteCount: Int) throws(CUDAError) -> DeviceAddress {
    try open.makeCurrent()
    var address: UInt64 = 0
    try open.check(open.functions.allocate(&address, max(byteCount, 1)), "reserving \(byteCount) bytes")
    bytesReserved.add(byteCount, ordering: .relaxed)
    return DeviceAddress(bits: address)
  }

  /// Gives memory of the card back when all that uses it is done.
  public func free(_ address: DeviceAddress, byteCount: Int) throws(CUDAError) {
    try open.makeCurrent()
    try open.check(open.functions.free(address.bits), "freeing memory")
    bytesReserved.subtract(byteCount, ordering: .relaxed)
  }

  /// The host's memory that the card reads and writes directly, contents undefined.
  /// - Throws: ``CUDAError`` of the kind `outOfMemory` where the system does not give as much.
  public func allocatePinned(byteCount: Int) throws(CUDAError) -> UnsafeMutableRawPointer {
    try open.makeCurrent()
    var address: UInt = 0
    // 3: for all contexts, and mapped for the card.
    try open.check(
      open.functions.allocatePinned(&address, max(byteCount, 1), 3), "pinning \(byteCount) bytes of the host's memory")
    guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else {
      throw CUDAError(.outOfMemory, "pinning \(byteCount) bytes of the host's memory gave none")
    }
    return pointer
  }

  /// Gives pinned memory back; nothing that was begun may still use it.
  public func freePinned(_ address: UnsafeMutableRawPointer) throws(CUDAError) {
    try open.makeCurrent()
    try open.check(open.functions.freePinned(UInt(bitPattern: address)), "freeing pinned memory")
  }

  /// Bytes of the card that are free, that it has, and that this process reserved here.
  public func memory() throws(CUDAError) -> (free: Int, total: Int, reserved: Int) {
    try open.makeCurrent()
    var free: UInt = 0, total: UInt = 0
    try open.check(open.functions.memoryInfo(&free, &total), "asking for free memory")
    return (Int(free), Int(total), bytesReserved.load(ordering: .relaxed))
  }

  /// Copies between any two places, the card's or the host's pinned memory, after what the stream holds.
  public func copy(
    _ source: DeviceAddress, to destination: DeviceAddress, byteCount: Int, stream: CUDAStream? = nil
  ) throws(CUDAError) {
    if byteCount == 0 { return }
    try open.makeCurrent()
    try open.check(
      open.functions.copy(destination.bits, source.bits, byteCount, (stream ?? self.stream).handle),
      "copying \(byteCount) bytes")
  }

  /// Copies bytes of the host to the card, after what the stream holds; they may change as soon as this returns.
  ///
  /// Where a graph is being recorded, the graph keeps them and copies them again whenever it is launched.
  public func write(_ bytes: UnsafeRawBufferPointer, to address: DeviceAddress) throws(CUDAError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    if isRecording {
      let kept = try PinnedBlock(self, byteCount: bytes.count)
      kept.pointer.copyMemory(from: start, byteCount: bytes.count)
      keepForGraph(kept)
      return try copy(DeviceAddress(kept.pointer), to: address, byteCount: bytes.count)
    }
    let failure: CUDAError? = staging.withLock { staging in
      do throws(CUDAError) {
        try staging.write(bytes, to: address, in: self)
        return nil
      } catch { return error }
    }
    if let failure { throw failure }
  }

  /// Copies bytes of the card to the host when all that the stream holds is done.
  public func read(_ address: DeviceAddress, into bytes: UnsafeMutableRawBufferPointer) throws(CUDAError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    try copy(address, to: DeviceAddress(start), byteCount: bytes.count)
    try stream.synchronize("reading \(bytes.count) bytes")
  }

  /// Sets every byte.
  public func fill(_ address: DeviceAddress, byte: UInt8, byteCount: Int) throws(CUDAError) {
    if byteCount == 0 { return }
    try open.makeCurrent()
    try open.check(
      open.functions.fillBytes(address.bits, byte, byteCount, stream.handle), "filling \(byteCount) bytes")
  }
}
