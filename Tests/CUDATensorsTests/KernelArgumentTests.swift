import CUDARuntime
import CUDATensors
import Tensors
import Testing

/// Structs as a C compiler lays them out: each field at a multiple of its size, the whole a multiple of the widest.
@Suite struct KernelArgumentTests {
  private func bytes<each Argument: KernelArgument>(_ arguments: repeat each Argument) -> [UInt8] {
    KernelArguments.with(repeat each arguments) { Array($0) }
  }

  private func value<Value: BitwiseCopyable>(_ bytes: [UInt8], _ offset: Int, as type: Value.Type) -> Value {
    bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
  }

  @Test func fieldsLieAsInC() {
    // struct { const float *x; float a; int64 n; float b, c; }
    let x = DeviceAddress(bits: .random(in: 0...(.max)))
    let (a, b, c) = (Float.random(in: -1...1), Float.random(in: -1...1), Float.random(in: -1...1))
    let n = Int.random(in: .min...(.max))
    let packed = bytes(x, a, n, b, c)
    #expect(packed.count == 32)
    #expect(value(packed, 0, as: UInt64.self) == x.bits && value(packed, 8, as: Float.self) == a)
    #expect(value(packed, 16, as: Int64.self) == Int64(n))
    #expect(value(packed, 24, as: Float.self) == b && value(packed, 28, as: Float.self) == c)
  }

  @Test func endsAtAMultipleOfTheWidestField() {
    #expect(bytes(Float(1), Float(2), Float(3)).count == 12)
    #expect(bytes(1, Float(2)).count == 16)
    #expect(bytes().isEmpty)
  }

  @Test func addressesComeFromWhateverHasOne() {
    let arena = Arena()
    let tensor = Tensor([4, 6], .bfloat16, in: arena)
    let none: Tensor? = nil, some: Tensor? = tensor
    let packed = bytes(tensor, tensor[rows: 1..<3], tensor.storage, none, some, DeviceAddress.null)
    let address = UInt64(UInt(bitPattern: tensor.pointer))
    let expected = [address, address + 12, address, 0, address, 0]
    #expect((0..<6).map { value(packed, 8 * $0, as: UInt64.self) } == expected)
    #expect(packed.count == 48)
  }

  @Test func flagsAreIntegersAndArraysAreFieldsInARow() {
    let packed = bytes(true, false, [3, 4], [Float(5), 6, 7])
    #expect((0..<4).map { value(packed, 8 * $0, as: Int64.self) } == [1, 0, 3, 4])
    #expect((0..<3).map { value(packed, 32 + 4 * $0, as: Float.self) } == [5, 6, 7])
    #expect(packed.count == 48)
  }
}
