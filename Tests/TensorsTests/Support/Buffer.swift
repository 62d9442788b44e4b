import CKernels
import Glibc
import Tensors
import Testing

/// Memory for a kernel's operand that finds accesses outside it.
///
/// An input ends where an inaccessible page begins, so that reading past it ends the test's process. An output lies
/// between guard bytes and holds NaNs of one bit pattern at first, so that what is written, and where, can be told.
final class Buffer {
  enum Kind { case input, output }

  static let floatPoison: UInt32 = 0x7fc5_5aa5
  static let halfPoison: UInt16 = 0x7fd5
  private static let page = 4096
  private static let guardBytes = 256

  let count: Int
  let dtype: apus_dtype
  let kind: Kind
  let raw: UnsafeMutableRawPointer
  private let base: UnsafeMutableRawPointer
  private let mapped: Int

  private init(count: Int, dtype: apus_dtype, kind: Kind) {
    self.count = count
    self.dtype = dtype
    self.kind = kind
    let bytes = count * Buffer.size(dtype)
    let usable = (bytes + 2 * Buffer.guardBytes + Buffer.page - 1) / Buffer.page * Buffer.page
    mapped = usable + Buffer.page
    base = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(base != MAP_FAILED, "memory for a test")
    mprotect(base + usable, Buffer.page, PROT_NONE)
    memset(base, 0xa5, usable)
    raw = base + usable - bytes - (kind == .output ? Buffer.guardBytes : 0)
  }
  deinit { munmap(base, mapped) }

  /// An operand that is only read.
  static func input(_ values: [Float], _ dtype: apus_dtype = APUS_F32) -> Buffer {
    let buffer = Buffer(count: values.count, dtype: dtype, kind: .input)
    buffer.set(values)
    return buffer
  }
  /// An operand that is read and written.
  static func inOut(_ values: [Float], _ dtype: apus_dtype = APUS_F32) -> Buffer {
    let buffer = Buffer(count: values.count, dtype: dtype, kind: .output)
    buffer.set(values)
    return buffer
  }
  /// An operand that is only written.
  static func output(_ count: Int, _ dtype: apus_dtype = APUS_F32) -> Buffer {
    let buffer = Buffer(count: count, dtype: dtype, kind: .output)
    for i in 0..<count {
      if dtype == APUS_F32 {
        buffer.floats[i] = Float(bitPattern: floatPoison)
      } else {
        buffer.halves[i] = halfPoison
      }
    }
    return buffer
  }

  static func size(_ dtype: apus_dtype) -> Int { dtype == APUS_F32 ? 4 : 2 }

  var floats: UnsafeMutablePointer<Float> { raw.assumingMemoryBound(to: Float.self) }
  var halves: UnsafeMutablePointer<UInt16> { raw.assumingMemoryBound(to: UInt16.self) }

  private func set(_ values: [Float]) {
    for (i, x) in values.enumerated() {
      if dtype == APUS_F32 { floats[i] = x } else { halves[i] = BFloat16.bits(x) }
    }
  }

  subscript(i: Int) -> Double { Double(dtype == APUS_F32 ? floats[i] : BFloat16.float(halves[i])) }
  var doubles: [Double] { (0..<count).map { self[$0] } }
  /// The bytes of the elements, to compare runs bit by bit.
  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: raw, count: count * Buffer.size(dtype))) }

  func isPoison(_ i: Int) -> Bool {
    dtype == APUS_F32 ? floats[i].bitPattern == Buffer.floatPoison : halves[i] == Buffer.halfPoison
  }

  /// The first byte outside the elements that is no longer what it was, counted from the elements' beginning.
  var firstOverwritten: Int? {
    guard kind == .output else { return nil }
    let bytes = count * Buffer.size(dtype)
    let view = raw.assumingMemoryBound(to: UInt8.self)
    return (-Buffer.guardBytes..<0).first { view[$0] != 0xa5 }
      ?? (bytes..<bytes + Buffer.guardBytes).first { view[$0] != 0xa5 }
  }
}

/// Integers (ids, targets, positions) that end where an inaccessible page begins.
final class IntegerBuffer {
  let pointer: UnsafePointer<Int32>
  private let buffer: Buffer

  init(_ values: [Int32]) {
    buffer = .input(values.map { Float(bitPattern: UInt32(bitPattern: $0)) })
    pointer = UnsafePointer(buffer.raw.assumingMemoryBound(to: Int32.self))
  }
}

/// `x` in the nearest number that a buffer of type `dtype` holds.
func rounded(_ x: Double, _ dtype: apus_dtype) -> Double {
  Double(dtype == APUS_F32 ? Float(x) : BFloat16.float(BFloat16.bits(Float(x))))
}
