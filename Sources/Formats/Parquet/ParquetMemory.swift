/// Bytes of a page that stay where they are: a piece of the mapped file, or memory of their own.
package final class ParquetMemory {
  /// A part of such bytes together with what keeps them alive.
  struct Slice {
    let memory: ParquetMemory
    let bytes: UnsafeRawBufferPointer
  }

  private let file: MappedFile?
  private let owned: UnsafeMutableRawBufferPointer

  /// Keeps a file mapped.
  init(_ file: MappedFile) {
    self.file = file
    owned = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  }

  /// Allocates `byteCount` bytes for `fill` to fill.
  init(byteCount: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    file = nil
    owned = .allocate(byteCount: byteCount, alignment: 16)
    try fill(owned)
  }

  deinit { if file == nil { owned.deallocate() } }

  /// All of the memory that is its own.
  var all: Slice { Slice(memory: self, bytes: UnsafeRawBufferPointer(owned)) }
}
