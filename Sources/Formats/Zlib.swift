import Foundation

/// The few functions of zlib that gzip takes, from the system's `libz.so.1`.
struct Zlib: Sendable {
  /// zlib's `z_stream`, laid out as in `zlib.h` on 64-bit systems.
  struct Stream {
    var nextIn: UnsafePointer<UInt8>?
    var availableIn: UInt32 = 0
    var totalIn: UInt = 0
    var nextOut: UnsafeMutablePointer<UInt8>?
    var availableOut: UInt32 = 0
    var totalOut: UInt = 0
    var message: UnsafePointer<CChar>?
    var state: OpaquePointer?
    var allocate: OpaquePointer?
    var free: OpaquePointer?
    var opaque: OpaquePointer?
    var dataType: Int32 = 0
    var checksum: UInt = 0
    var reserved: UInt = 0
  }

  typealias Initialize =
    @convention(c) @Sendable (UnsafeMutableRawPointer, Int32, UnsafePointer<CChar>, Int32) -> Int32
  typealias Step = @convention(c) @Sendable (UnsafeMutableRawPointer, Int32) -> Int32
  typealias InitializeDeflate =
    @convention(c) @Sendable (
      UnsafeMutableRawPointer, Int32, Int32, Int32, Int32, Int32, UnsafePointer<CChar>, Int32
    ) -> Int32
  typealias Bound = @convention(c) @Sendable (UnsafeMutableRawPointer, UInt) -> UInt
  typealias End = @convention(c) @Sendable (UnsafeMutableRawPointer) -> Int32

  let inflateInit: Initialize
  let inflate: Step
  let inflateReset: End
  let inflateEnd: End
  let deflateInit: InitializeDeflate
  let deflate: Step
  let deflateBound: Bound
  let deflateEnd: End

  static let ok: Int32 = 0
  static let streamEnd: Int32 = 1
  /// What asks `deflate` to end the stream.
  static let finish: Int32 = 4
  static let bufferError: Int32 = -5
  /// Windows of 32 KiB, and a gzip header and trailer around the data.
  static let gzipWindow: Int32 = 15 + 16

  /// The library, opened at first use; `nil` where the system has none.
  static let shared: Zlib? = {
    guard let library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL) else { return nil }
    guard let initialize = dlsym(library, "inflateInit2_"), let step = dlsym(library, "inflate"),
      let reset = dlsym(library, "inflateReset"), let end = dlsym(library, "inflateEnd"),
      let initializeDeflate = dlsym(library, "deflateInit2_"), let stepDeflate = dlsym(library, "deflate"),
      let bound = dlsym(library, "deflateBound"), let endDeflate = dlsym(library, "deflateEnd")
    else { return nil }
    return Zlib(
      inflateInit: unsafeBitCast(initialize, to: Initialize.self), inflate: unsafeBitCast(step, to: Step.self),
      inflateReset: unsafeBitCast(reset, to: End.self), inflateEnd: unsafeBitCast(end, to: End.self),
      deflateInit: unsafeBitCast(initializeDeflate, to: InitializeDeflate.self),
      deflate: unsafeBitCast(stepDeflate, to: Step.self), deflateBound: unsafeBitCast(bound, to: Bound.self),
      deflateEnd: unsafeBitCast(endDeflate, to: End.self))
  }()

  /// Why there is none and what helps, as the end of a sentence.
  static let missing = "libz.so.1 is missing; install the package zlib1g (Debian, Ubuntu) or zlib"
  /// The version of `zlib.h` that ``Stream`` follows.
  static let version = "1.2.11"
}
