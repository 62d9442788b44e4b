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

  /// The first values of a storage in the card's memory, when all that was asked for is done. Those of a tensor are
  /// read by the tensor itself.
  func read<Element: BitwiseCopyable>(
    _ storage: Storage, as type: Element.Type = Element.self, count: Int
  ) -> [Element] {
    Swift.precondition(count * MemoryLayout<Element>.stride <= storage.byteCount, "values inside of a storage")
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      attempt { () throws(CUDAError) in try context.read(storage.deviceAddress, into: bytes) }
      initialized = count
    }
  }
}
