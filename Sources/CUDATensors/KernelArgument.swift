import CUDARuntime
import Tensors

/// What a kernel's struct has as a field: an address, an integer (`int64` there) or a number (`float`).
public protocol KernelArgument {
  /// Puts it behind the fields before it.
  func pack(into fields: inout KernelArguments)
}

/// A kernel's struct, filled field by field as a C compiler lays it out.
public struct KernelArguments {
  private let memory: UnsafeMutableRawBufferPointer
  private var end = 0
  private var alignment = 1

  /// Fills `memory`, whose address is a multiple of eight.
  init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

  /// Adds a field at the next multiple of its size.
  @inline(__always) mutating func append<Field: BitwiseCopyable>(_ field: Field) {
    let size = MemoryLayout<Field>.size
    let start = (end + size - 1) / size * size
    precondition(start + size <= memory.count, "arguments that fit into a kernel's struct")
    memory.storeBytes(of: field, toByteOffset: start, as: Field.self)
    end = start + size
    alignment = max(alignment, size)
  }

  /// The whole struct: a multiple of its widest field.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory[..<((end + alignment - 1) / alignment * alignment)])
  }

  /// Calls `body` with a struct of these fields.
  public static func with<each Argument: KernelArgument, Result>(
    _ arguments: repeat each Argument, body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(byteCount: Self.capacity, alignment: 8) { memory in
      // Padding has no meaning, but graphs and tools compare whole structs.
      memory.initializeMemory(as: UInt8.self, repeating: 0)
      var fields = KernelArguments(memory)
      repeat (each arguments).pack(into: &fields)
      return body(fields.bytes)
    }
  }

  /// Bytes that a struct may have; what is a little larger would not be put on the stack.
  private static let capacity = 1024
}

extension Int: KernelArgument {
  public func pack(into fields: inout KernelArguments) { fields.append(Int64(self)) }
}

extension Bool: KernelArgument {
  public func pack(into fields: inout KernelArguments) { fields.append(Int64(self ? 1 : 0)) }
}

extension Float: KernelArgument {
  public func pack(into fields: inout KernelArguments) { fields.append(self) }
}

/// What stands for an address in a card's memory.
public protocol KernelAddress: KernelArgument {
  /// The address.
  var deviceAddress: DeviceAddress { get }
}

extension KernelAddress {
  public func pack(into fields: inout KernelArguments) { fields.append(deviceAddress.bits) }
}

extension DeviceAddress: KernelAddress {
  public var deviceAddress: DeviceAddress { self }
}

extension Tensor: KernelAddress {
  /// Address of the first element.
  public var deviceAddress: DeviceAddress { DeviceAddress(pointer) }
}

extension Storage: KernelAddress {
  /// Address of the first byte.
  public var deviceAddress: DeviceAddress { DeviceAddress(pointer) }
}

/// Nil is the null pointer.
extension Optional: KernelArgument where Wrapped: KernelAddress {
  public func pack(into fields: inout KernelArguments) { fields.append(self?.deviceAddress.bits ?? 0) }
}

/// A field that is an array: `int64 offsets[4]`.
extension Array: KernelArgument where Element: KernelArgument {
  public func pack(into fields: inout KernelArguments) { for element in self { element.pack(into: &fields) } }
}
