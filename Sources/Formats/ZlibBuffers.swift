extension Zlib {
  /// Decompresses gzip or zlib data, also of several members, into memory of exactly the right size; `false` when it is
  /// damaged or of another size.
  func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    guard output.count <= Int(UInt32.max), input.count <= Int(UInt32.max) else { return false }
    var stream = Stream()
    let size = Int32(MemoryLayout<Stream>.size)
    // 32 more than the window lets zlib tell the two headers apart.
    guard inflateInit(&stream, 15 + 32, Zlib.version, size) == Zlib.ok else { return false }
    defer { _ = inflateEnd(&stream) }
    stream.nextIn = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.availableIn = UInt32(input.count)
    // zlib wants a place to write to, even for nothing.
    var nothing: UInt8 = 0
    return withUnsafeMutablePointer(to: &nothing) { nothing in
      stream.nextOut = output.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? nothing
      stream.availableOut = UInt32(output.count)
      while true {
        guard inflate(&stream, 0) == Zlib.streamEnd else { return false }
        if stream.availableOut == 0 { return true }
        guard stream.availableIn > 0, inflateReset(&stream) == Zlib.ok else { return false }
      }
    }
  }

  /// Compresses bytes into one gzip member, at zlib's usual level 6; `nil` when zlib refuses.
  func compress(_ input: [UInt8]) -> [UInt8]? {
    var stream = Stream()
    let size = Int32(MemoryLayout<Stream>.size)
    guard input.count <= Int(UInt32.max),
      deflateInit(&stream, 6, 8, Zlib.gzipWindow, 8, 0, Zlib.version, size) == Zlib.ok
    else { return nil }
    defer { _ = deflateEnd(&stream) }
    let capacity = Int(deflateBound(&stream, UInt(input.count)))
    var status = Zlib.ok
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      input.withUnsafeBufferPointer { bytes in
        stream.nextIn = bytes.baseAddress
        stream.availableIn = UInt32(bytes.count)
        stream.nextOut = buffer.baseAddress
        stream.availableOut = UInt32(capacity)
        status = deflate(&stream, Zlib.finish)
      }
      count = capacity - Int(stream.availableOut)
    }
    return status == Zlib.streamEnd ? output : nil
  }
}
