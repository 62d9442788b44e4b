/// Reads a gzip file (RFC 1952) piece by piece, through all its members.
///
/// zlib checks every member's length and CRC-32. One thread at a time may use a reader.
public final class GzipReader {
  /// The file's path.
  public let path: String
  private let file: MappedFile
  private let zlib: Zlib
  private let stream: UnsafeMutablePointer<Zlib.Stream>
  /// Bytes of the file that are decompressed so far.
  public private(set) var position = 0
  private var isInsideMember = false

  /// Opens a file.
  /// - Throws: `FileError` when it cannot be read, is no gzip file, or zlib is missing.
  public init(_ path: String) throws {
    guard let zlib = Zlib.shared else {
      throw FileError(path: path, problem: "cannot be decompressed: \(Zlib.missing)")
    }
    self.path = path
    self.zlib = zlib
    file = try MappedFile(path, advice: .sequential)
    guard GzipReader.isGzip(UnsafeRawBufferPointer(file.bytes)) else {
      throw FileError(path: path, problem: "is not a gzip file: it does not begin with the bytes 1f 8b")
    }
    stream = .allocate(capacity: 1)
    stream.initialize(to: Zlib.Stream())
    let status = zlib.inflateInit(stream, Zlib.gzipWindow, Zlib.version, Int32(MemoryLayout<Zlib.Stream>.size))
    guard status == Zlib.ok else {
      stream.deallocate()
      throw FileError(path: path, problem: "cannot be decompressed: zlib did not start (code \(status))")
    }
  }

  deinit {
    _ = zlib.inflateEnd(stream)
    stream.deallocate()
  }

  /// Whether bytes begin as a gzip file does.
  public static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 2 && bytes[0] == 0x1F && bytes[1] == 0x8B
  }

  /// Fills the buffer from its start.
  /// - Returns: how many bytes were written; 0 only at the end of the file.
  /// - Throws: `FileError` naming the file when its data is damaged or cut short.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let bytes = file.bytes
    guard let input = bytes.baseAddress, let output = buffer.baseAddress else { return 0 }
    var filled = 0
    while filled < buffer.count {
      if !isInsideMember {
        // Padding of zeros after the last member is common on tapes and in block stores.
        while position < bytes.count, bytes[position] == 0 { position += 1 }
        if position == bytes.count { break }
        guard GzipReader.isGzip(UnsafeRawBufferPointer(rebasing: bytes[position...])) else {
          throw FileError(path: path, problem: "holds bytes after its gzip data, at byte \(position)")
        }
        _ = zlib.inflateReset(stream)
        isInsideMember = true
      }
      let available = min(bytes.count - position, 1 << 30)
      let room = min(buffer.count - filled, 1 << 30)
      stream.pointee.nextIn = (input + position).assumingMemoryBound(to: UInt8.self)
      stream.pointee.availableIn = UInt32(available)
      stream.pointee.nextOut = (output + filled).assumingMemoryBound(to: UInt8.self)
      stream.pointee.availableOut = UInt32(room)
      let status = zlib.inflate(stream, 0)
      position += available - Int(stream.pointee.availableIn)
      let produced = room - Int(stream.pointee.availableOut)
      filled += produced
      switch status {
      case Zlib.streamEnd: isInsideMember = false
      case Zlib.ok, Zlib.bufferError:
        if position == bytes.count, produced < room {
          throw FileError(path: path, problem: "is cut short: its gzip data ends in the middle")
        }
        if status == Zlib.bufferError, produced == 0 {
          throw FileError(path: path, problem: "holds damaged gzip data near byte \(position)")
        }
      default:
        let reason = stream.pointee.message.map { " (\(String(cString: $0)))" } ?? ""
        throw FileError(path: path, problem: "holds damaged gzip data near byte \(position)\(reason)")
      }
    }
    return filled
  }

  /// Decompresses a whole file.
  /// - Parameter limit: the most bytes that it may have.
  /// - Throws: `FileError` as `read(into:)` does, or for a file that is larger.
  public static func contents(ofFile path: String, limit: Int = .max) throws -> [UInt8] {
    let reader = try GzipReader(path)
    var output: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { piece.deallocate() }
    while true {
      let count = try reader.read(into: piece)
      if count == 0 { return output }
      output.append(contentsOf: piece[..<count])
      guard output.count <= limit else {
        throw FileError(path: path, problem: "is larger than \(limit >> 30) GiB unpacked")
      }
    }
  }
}
