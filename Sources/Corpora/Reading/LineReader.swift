import Formats
import Foundation

/// Reads a file line by line, plain or compressed with gzip, holding no more than one line and one piece of it.
final class LineReader {
  private enum Source {
    case mapped(MappedFile)
    case gzip(GzipReader)
  }

  private static let pieceSize = 1 << 18

  private let source: Source
  private var buffer: UnsafeMutableRawBufferPointer
  private var start = 0
  private var end = 0
  private var isAtEnd = false
  /// Number of the line that was last returned, from 1.
  private(set) var lineNumber = 0

  init(_ file: InputFile) throws {
    if file.isCompressed {
      source = .gzip(try GzipReader(file.path))
      buffer = .allocate(byteCount: LineReader.pieceSize, alignment: 16)
    } else {
      source = .mapped(try MappedFile(file.path, advice: .sequential))
      buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }
  }

  deinit { buffer.deallocate() }

  /// Bytes of the file on disk that are read so far.
  var position: Int {
    switch source {
    case .mapped(let file): min(start, file.bytes.count)
    case .gzip(let reader): reader.position
    }
  }

  /// The next line without its newline, valid until the next call; `nil` at the end of the file.
  func next() throws -> UnsafeBufferPointer<UInt8>? {
    switch source {
    case .mapped(let file):
      guard start < file.bytes.count else { return nil }
      let rest = UnsafeRawBufferPointer(rebasing: file.bytes[start...])
      let length = LineReader.newline(in: rest) ?? rest.count
      start += length + 1
      lineNumber += 1
      return UnsafeRawBufferPointer(rebasing: rest[..<length]).bindMemory(to: UInt8.self)
    case .gzip(let reader): return try nextCompressed(reader)
    }
  }

  private func nextCompressed(_ reader: GzipReader) throws -> UnsafeBufferPointer<UInt8>? {
    var searched = 0
    while true {
      let rest = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
      let found = LineReader.newline(in: UnsafeRawBufferPointer(rebasing: rest[searched...])).map { $0 + searched }
      if found == nil, !isAtEnd {
        searched = rest.count
        try fill(reader)
        continue
      }
      if found == nil, rest.isEmpty { return nil }
      let length = found ?? rest.count
      start = min(end, start + length + 1)
      lineNumber += 1
      return UnsafeRawBufferPointer(rebasing: rest[..<length]).bindMemory(to: UInt8.self)
    }
  }

  private func fill(_ reader: GzipReader) throws {
    if start > 0 {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      (start, end) = (0, end - start)
    }
    if buffer.count - end < LineReader.pieceSize / 2 {
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * buffer.count, alignment: 16)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
      buffer.deallocate()
      buffer = larger
    }
    let count = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
    end += count
    isAtEnd = count == 0
  }

  private static func newline(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard let base = bytes.baseAddress, let found = memchr(base, 0x0A, bytes.count) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}
