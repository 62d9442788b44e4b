import Formats
import TestSupport
import Testing

@Suite struct GGUFTests {
  @Test func readsMetadataOfEveryType() throws {
    let file = try GGUFFile(golden("every_type.gguf"))
    #expect(file.version == 3)
    #expect(file.alignment == 64)
    let metadata = file.metadata
    #expect(metadata["general.architecture"]?.stringValue == "llama")
    #expect(metadata["general.name"]?.stringValue == "größe")
    #expect(metadata["test.uint8"] == .uint8(200))
    #expect(metadata["test.int8"] == .int8(-100))
    #expect(metadata["test.uint16"] == .uint16(60000))
    #expect(metadata["test.int16"] == .int16(-30000))
    #expect(metadata["test.uint32"] == .uint32(4_000_000_000))
    #expect(metadata["test.int32"] == .int32(-2_000_000_000))
    #expect(metadata["test.float32"] == .float32(0.1))
    #expect(metadata["test.bool"] == .bool(true))
    #expect(metadata["test.string"] == .string("a\tb\né"))
    #expect(metadata["test.uint64"] == .uint64(1 << 63))
    #expect(metadata["test.uint64"]?.intValue == nil)
    #expect(metadata["test.int64"]?.intValue == -(1 << 62))
    #expect(metadata["test.float64"]?.doubleValue == 0.1)
    #expect(metadata["test.list.ints"]?.intsValue == [3, -1, 2])
    #expect(metadata["test.list.floats"]?.floatsValue == [0.5, -1000])
    #expect(metadata["test.list.bools"] == .numbers(.bool([true, false])))
    #expect(metadata["test.list.bytes"] == .numbers(.uint8([0, 255])))
    let strings = try #require(metadata["test.list.strings"]?.stringsValue)
    #expect(strings.strings == ["a", "", "größe", "Ġthe"])
    #expect(strings.withBytes(of: 2) { Array($0) } == Array("größe".utf8))
  }

  @Test(arguments: GGUFTensorType.allCases) func decodesAsTheReferenceDoes(_ type: GGUFTensorType) throws {
    let file = try GGUFFile(golden("every_type.gguf"))
    let tensor = try #require(file.tensors[type.name])
    #expect(tensor.type == type)
    #expect(tensor.shape == [3, 512])
    let expected = try Safetensors(golden("every_type.safetensors"))
    let entry = try expected.entry(type.name, element: .float32, shape: [3, 512])
    let reference = withExtendedLifetime(expected.file) {
      Array(expected.bytes(of: entry).bindMemory(to: Float.self))
    }
    var values = [Float](repeating: 0, count: tensor.count)
    withExtendedLifetime(file) {
      values.withUnsafeMutableBufferPointer { type.decode(file.bytes(of: tensor), into: $0) }
    }
    let wrong = values.indices.filter { values[$0].bitPattern != reference[$0].bitPattern }
    #expect(wrong.isEmpty, "values \(wrong.prefix(8))")
  }

  @Test func piecesOfALargeTensorMeet() {
    let count = 5 * 65536 + 96
    let numbers = (0..<count).map { Float(($0 * 7919) % 255 - 127) }
    let blocks = packed(numbers, as: .q8_0, threads: 3) ?? []
    for threads in [1, 3] {
      var values = [Float](repeating: .nan, count: count)
      values.withUnsafeMutableBufferPointer { values in
        blocks.withUnsafeBytes { GGUFTensorType.q8_0.decode($0, into: values, threads: threads) }
      }
      #expect(zip(values, numbers).allSatisfy { abs($0 - $1) <= 0.51 })
    }
  }

  @Test func packsQ8AsTheReferenceDoes() throws {
    let file = try Safetensors(golden("q8_0.safetensors"))
    func bytes(_ name: String) throws -> [UInt8] {
      let entry = try file.entry(name)
      return withExtendedLifetime(file) { Array(file.bytes(of: entry)) }
    }
    let values = try bytes("values").withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    #expect(try packed(values, as: .q8_0) == bytes("blocks"))
    for bad in [Float.nan, .infinity, -.infinity] {
      var numbers = [Float](repeating: 1, count: 64)
      numbers[40] = bad
      #expect(packed(numbers, as: .q8_0) == nil)
    }
  }

  @Test func packsPlainFloats() throws {
    let numbers: [Float] = [1, -0.1, 65504, 1e-8, 0, -65519]
    #expect(packed(numbers, as: .float32) == numbers.flatMap { withUnsafeBytes(of: $0.bitPattern) { Array($0) } })
    let halves: [UInt16] = [0x3C00, 0xAE66, 0x7BFF, 0, 0, 0xFBFF]
    #expect(packed(numbers, as: .float16) == halves.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
    #expect(packed([65520], as: .float16) == nil)
    #expect(packed([-1e30], as: .float16) == nil)
    #expect(packed([.infinity], as: .float16) == [0, 0x7C])
    // 1 + 2^-8 lies between two neighbours and goes to the even one; 1 + 3 · 2^-8 goes up.
    #expect(packed([1.00390625, 1.01171875, .nan], as: .bfloat16) == [0x80, 0x3F, 0x82, 0x3F, 0xC0, 0x7F])
  }

  /// The bytes of some values, nil where one does not fit.
  private func packed(_ values: [Float], as type: GGUFTensorType, threads: Int = 1) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: values.count / type.blockSize * type.blockByteCount)
    let fits = values.withUnsafeBufferPointer { values in
      bytes.withUnsafeMutableBytes { type.encode(values, into: $0, threads: threads) }
    }
    return fits ? bytes : nil
  }

  @Test func halfPrecisionIsExact() {
    for bits in UInt16.min ... .max {
      let reference = Float(Float16(bitPattern: bits))
      let own = HalfPrecision.float(bits)
      #expect(own.isNaN ? reference.isNaN : own.bitPattern == reference.bitPattern)
      if !own.isNaN { #expect(HalfPrecision.bits(own) == bits) }
    }
    var random = SeededGenerator(state: 5)
    var wrong: [Float] = []
    for _ in 0..<1_000_000 {
      let word = random.next()
      // Half of the cases near the range of half precision, the rest anywhere.
      let exponent = UInt32(word >> 40) % 50 + 95
      let value = Float(
        bitPattern: word & 1 == 0 ? UInt32(truncatingIfNeeded: word >> 1) & 0x807F_FFFF | exponent << 23
          : UInt32(truncatingIfNeeded: word >> 8))
      let reference = Float16(value)
      let own = Float16(bitPattern: HalfPrecision.bits(value))
      if reference.isNaN ? !own.isNaN : reference.bitPattern != own.bitPattern { wrong.append(value) }
    }
    for exponent in -26...16 {
      for step in 0..<4096 {
        // Exactly between two neighbours, and one step of float32 to either side.
        let value = Float(sign: .plus, exponent: exponent, significand: 1 + Float(step) / 4096)
        for near in [value, value.nextUp, value.nextDown]
        where Float16(near).bitPattern != HalfPrecision.bits(near) { wrong.append(near) }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }
}
