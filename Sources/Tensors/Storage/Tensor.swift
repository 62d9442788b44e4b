/// A row-major array of numbers in memory: a view of a storage, cheap to copy, sharing what it points to.
public struct Tensor: Sendable {
  public let storage: Storage
  /// Bytes from the storage's beginning.
  public let byteOffset: Int
  public let shape: [Int]
  public let dtype: DType
  /// Number of elements.
  public let count: Int

  /// A view of `storage`.
  public init(storage: Storage, byteOffset: Int = 0, shape: [Int], dtype: DType) {
    count = shape.reduce(1, *)
    precondition(byteOffset + count * dtype.byteCount <= storage.byteCount, "view past its storage")
    self.storage = storage
    self.byteOffset = byteOffset
    self.shape = shape
    self.dtype = dtype
  }

  /// A new tensor with undefined contents.
  public init(_ shape: [Int], _ dtype: DType, in arena: Arena) {
    self.init(
      storage: arena.allocate(byteCount: shape.reduce(1, *) * dtype.byteCount), shape: shape, dtype: dtype)
  }

  /// A new tensor with the given elements, converted to `dtype`.
  public init(_ values: [Float], shape: [Int], dtype: DType = .float32, in arena: Arena) {
    precondition(values.count == shape.reduce(1, *), "as many values as the shape holds")
    self.init(shape, dtype, in: arena)
    write { host in
      switch dtype {
      case .float32: for (i, x) in values.enumerated() { host.floats[i] = x }
      case .bfloat16: for (i, x) in values.enumerated() { host.halves[i] = BFloat16.bits(x) }
      case .int32: for (i, x) in values.enumerated() { host.integers[i] = Int32(x) }
      }
    }
  }

  /// A new integer tensor.
  public init(_ values: [Int32], shape: [Int]? = nil, in arena: Arena) {
    self.init(shape ?? [values.count], .int32, in: arena)
    precondition(values.count == count, "as many values as the shape holds")
    write { host in for (i, x) in values.enumerated() { host.integers[i] = x } }
  }

  /// Number of elements in all but the last dimension.
  public var rows: Int { shape.count == 2 ? shape[0] : shape.dropLast().reduce(1, *) }
  /// Size of the last dimension.
  public var columns: Int { shape.last ?? 1 }
  /// Address of the first element, which may be a device's.
  public var pointer: UnsafeMutableRawPointer { storage.pointer + byteOffset }
  /// Whether the host reads and writes the elements where they are.
  public var isHostAccessible: Bool { storage.arena.isHostAccessible }

  /// The elements, when they are 32-bit floats.
  public var floats: UnsafeMutableBufferPointer<Float> {
    precondition(dtype == .float32 && isHostAccessible, "in the host's memory, a float32 tensor")
    return UnsafeMutableBufferPointer(start: pointer.assumingMemoryBound(to: Float.self), count: count)
  }
  /// The elements' bits, when they are 16-bit floats.
  public var halves: UnsafeMutableBufferPointer<UInt16> {
    precondition(dtype == .bfloat16 && isHostAccessible, "in the host's memory, a bfloat16 tensor")
    return UnsafeMutableBufferPointer(start: pointer.assumingMemoryBound(to: UInt16.self), count: count)
  }
  /// The elements, when they are 32-bit integers.
  public var integers: UnsafeMutableBufferPointer<Int32> {
    precondition(dtype == .int32 && isHostAccessible, "in the host's memory, an int32 tensor")
    return UnsafeMutableBufferPointer(start: pointer.assumingMemoryBound(to: Int32.self), count: count)
  }

  /// A copy of the elements as 32-bit floats.
  public func toFloats() -> [Float] {
    read { host in
      switch dtype {
      case .float32: Array(host.floats)
      case .bfloat16: host.halves.map(BFloat16.float)
      case .int32: host.integers.map(Float.init)
      }
    }
  }

  /// Calls `body` with the elements in the host's memory, when all that was begun before is done.
  public func read<Result>(_ body: (_ host: Tensor) throws -> Result) rethrows -> Result {
    if isHostAccessible { return try body(self) }
    let host = Tensor(shape, dtype, in: Arena.staging(byteCount: count * dtype.byteCount))
    storage.arena.source.read(
      pointer, into: UnsafeMutableRawBufferPointer(start: host.pointer, count: count * dtype.byteCount))
    return try body(host)
  }

  /// The elements in the host's memory: this tensor itself where it is there.
  public var onHost: Tensor { read { $0 } }

  /// Calls `body` with a tensor in the host's memory, whose elements are undefined and become these when it returns.
  public func write<Result>(_ body: (_ host: Tensor) throws -> Result) rethrows -> Result {
    if isHostAccessible { return try body(self) }
    let host = Tensor(shape, dtype, in: Arena.staging(byteCount: count * dtype.byteCount))
    let result = try body(host)
    storage.arena.source.write(
      UnsafeRawBufferPointer(start: host.pointer, count: count * dtype.byteCount), to: pointer)
    return result
  }

  /// Rows `range` of the first dimension, sharing memory.
  public subscript(rows range: Range<Int>) -> Tensor {
    let row = count / max(shape[0], 1)
    return Tensor(
      storage: storage, byteOffset: byteOffset + range.lowerBound * row * dtype.byteCount,
      shape: [range.count] + shape.dropFirst(), dtype: dtype)
  }

  /// The same elements in another shape.
  public func reshaped(_ shape: [Int]) -> Tensor {
    precondition(shape.reduce(1, *) == count, "a shape with as many elements")
    return Tensor(storage: storage, byteOffset: byteOffset, shape: shape, dtype: dtype)
  }
}
