import CUDARuntime
import Tensors

extension CUDABackend {
  /// Values in the card's memory, for a kernel that takes more of them than arguments hold.
  ///
  /// Where a graph is being recorded, it keeps them and copies them again whenever it is launched.
  func uploaded<Element: BitwiseCopyable>(_ values: [Element]) -> Storage {
    let storage = workspace.allocate(byteCount: values.count * MemoryLayout<Element>.stride)
    values.withUnsafeBytes { bytes in
      attempt { () throws(CUDAError) in try context.write(bytes, to: storage.deviceAddress) }
    }
    return storage
  }

  /// Values of the card's memory, when all that was asked for is done.
  /// - Parameter byteOffset: where they begin in the storage.
  func read<Element: BitwiseCopyable>(
    _ storage: Storage, byteOffset: Int = 0, as type: Element.Type = Element.self, count: Int
  ) -> [Element] {
    Swift.precondition(
      byteOffset + count * MemoryLayout<Element>.stride <= storage.byteCount, "values inside of a storage")
    return read(storage.deviceAddress + byteOffset, count: count)
  }

  /// A tensor's elements as 32-bit floats, when all that was asked for is done.
  func read(_ tensor: Tensor) -> [Float] {
    switch tensor.dtype {
    case .float32: read(tensor.deviceAddress, count: tensor.count)
    case .bfloat16: (read(tensor.deviceAddress, count: tensor.count) as [UInt16]).map(BFloat16.float)
    case .int32: (read(tensor.deviceAddress, count: tensor.count) as [Int32]).map(Float.init)
    }
  }

  /// An integer tensor's elements, when all that was asked for is done.
  func read(_ tensor: Tensor) -> [Int32] {
    Swift.precondition(tensor.dtype == .int32, "an int32 tensor")
    return read(tensor.deviceAddress, count: tensor.count)
  }

  private func read<Element: BitwiseCopyable>(_ address: DeviceAddress, count: Int) -> [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      attempt { () throws(CUDAError) in try context.read(address, into: bytes) }
      initialized = count
    }
  }
}
