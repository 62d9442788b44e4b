import Foundation

/// The few functions of Zstandard that whole buffers take, from the system's `libzstd.so.1`.
struct Zstandard: Sendable {
  typealias Decompress =
    @convention(c) @Sendable (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int) -> Int
  typealias Compress =
    @convention(c) @Sendable (UnsafeMutableRawPointer?, Int, UnsafeRawPointer?, Int, Int32) -> Int
  typealias Bound = @convention(c) @Sendable (Int) -> Int
  typealias IsError = @convention(c) @Sendable (Int) -> UInt32

  private let decompress: Decompress
  private let compress: Compress
  private let bound: Bound
  private let isError: IsError

  /// The library, opened at first use; `nil` where the system has none.
  static let shared: Zstandard? = {
    guard let library = dlopen("libzstd.so.1", RTLD_NOW | RTLD_LOCAL) else { return nil }
    guard let decompress = dlsym(library, "ZSTD_decompress"), let compress = dlsym(library, "ZSTD_compress"),
      let bound = dlsym(library, "ZSTD_compressBound"), let isError = dlsym(library, "ZSTD_isError")
    else { return nil }
    return Zstandard(
      decompress: unsafeBitCast(decompress, to: Decompress.self), compress: unsafeBitCast(compress, to: Compress.self),
      bound: unsafeBitCast(bound, to: Bound.self), isError: unsafeBitCast(isError, to: IsError.self))
  }()

  /// Why there is none and what helps, as the end of a sentence.
  static let missing = "libzstd.so.1 is missing; install the package libzstd1 (Debian, Ubuntu) or libzstd (Fedora)"

  /// Decompresses whole frames into memory of exactly the right size; `false` when they are damaged or of another size.
  func decompress(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    let size = decompress(output.baseAddress, output.count, input.baseAddress, input.count)
    return isError(size) == 0 && size == output.count
  }

  /// Compresses bytes into one frame, at the library's usual level 3; `nil` when the library refuses.
  func compress(_ input: [UInt8]) -> [UInt8]? {
    let capacity = bound(input.count)
    guard isError(capacity) == 0 else { return nil }
    var failed = false
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      let size = input.withUnsafeBytes { compress(buffer.baseAddress, capacity, $0.baseAddress, $0.count, 3) }
      failed = isError(size) != 0
      count = failed ? 0 : size
    }
    return failed ? nil : output
  }
}
