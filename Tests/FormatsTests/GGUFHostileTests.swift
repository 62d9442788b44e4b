import Formats
import TestSupport
import Testing

/// The bytes of a GGUF file that no writer would write.
private struct Forgery {
  var bytes: [UInt8] = []

  init(version: UInt32 = 3, tensors: UInt64 = 0, keys: UInt64 = 0) {
    bytes = Array("GGUF".utf8)
    add(version)
    add(tensors)
    add(keys)
  }

  mutating func add(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  /// A tensor's entry; sizes in the order of the file.
  mutating func tensor(_ name: String, _ sizes: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) {
    add(name)
    add(UInt32(sizes.count))
    for size in sizes { add(size) }
    add(type)
    add(offset)
  }

  /// Fills up to the data section and adds `count` bytes of it.
  mutating func data(_ count: Int, alignment: Int = 32) {
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment + count)
  }
}

@Suite struct GGUFHostileTests {
  private func refusal(_ forgery: Forgery) throws -> String {
    let folder = try TemporaryFolder()
    let path = try folder.file("bad.gguf", forgery.bytes)
    let text = sentence { _ = try GGUFFile(path) }
    #expect(text.hasPrefix(path + ": "))
    return text
  }

  @Test func refusesWhatIsNoGGUF() throws {
    let folder = try TemporaryFolder()
    for bytes: [UInt8] in [[], [0x47], Array("GGUF".utf8), Array("GGML".utf8) + [UInt8](repeating: 0, count: 40)] {
      let path = try folder.file("bad.gguf", bytes)
      #expect(throws: GGUFError.self) { try GGUFFile(path) }
    }
    #expect(try refusal(Forgery(version: 1)).contains("version 1; versions 2 and 3"))
    #expect(try refusal(Forgery(version: 4)).contains("version 4"))
    #expect(try refusal(Forgery(version: 0x0300_0000)).contains("big-endian"))
  }

  @Test func refusesLyingCounts() throws {
    #expect(try refusal(Forgery(keys: 1 << 60)).contains("more than 24 bytes can hold"))
    #expect(try refusal(Forgery(tensors: .max)).contains("more than 24 bytes can hold"))
    for (kind, width) in [(8, "strings"), (5, "numbers"), (9, "lists")] as [(UInt32, String)] {
      var file = Forgery(keys: 1)
      file.add("list")
      file.add(UInt32(9))
      file.add(kind)
      file.add(UInt64(1) << 40)
      file.data(64)
      #expect(try refusal(file).contains("the key \"list\" claims 1099511627776 \(width)"))
    }
    var text = Forgery(keys: 1)
    text.add("text")
    text.add(UInt32(8))
    text.add(UInt64.max)
    text.data(64)
    #expect(try refusal(text).contains("claims 18446744073709551615 bytes"))
    var name = Forgery(keys: 1)
    name.add(UInt64(1) << 62)
    name.data(64)
    #expect(try refusal(name).contains("claims 4611686018427387904 bytes"))
  }

  @Test func refusesBadValues() throws {
    func key(_ body: (inout Forgery) -> Void) throws -> String {
      var file = Forgery(keys: 1)
      file.add("key")
      body(&file)
      file.data(32)
      return try refusal(file)
    }
    #expect(try key { $0.add(UInt32(13)) }.contains("the key \"key\" has a value of the unknown type 13"))
    #expect(
      try key {
        $0.add(UInt32(7))
        $0.add(UInt8(2))
      }.contains("truth value 2"))
    #expect(
      try key {
        $0.add(UInt32(9))
        for _ in 0..<6 {
          $0.add(UInt32(9))
          $0.add(UInt64(1))
        }
      }.contains("deeper than 4"))
    var twice = Forgery(keys: 2)
    for _ in 0..<2 {
      twice.add("same")
      twice.add(UInt32(0))
      twice.add(UInt8(1))
    }
    twice.data(32)
    #expect(try refusal(twice).contains("the key \"same\" stands there a second time"))
    var broken = Forgery(keys: 1)
    broken.add(UInt64(2))
    broken.bytes += [0xC3, 0x28]
    broken.data(32)
    #expect(try refusal(broken).contains("not UTF-8"))
    for number: UInt32 in [0, 3, 48, 1 << 30] {
      var file = Forgery(keys: 1)
      file.add("general.alignment")
      file.add(UInt32(4))
      file.add(number)
      file.data(64)
      #expect(try refusal(file).contains("power of two"))
    }
  }

  @Test(arguments: [
    ([UInt64(8)], UInt32(0), UInt64(1), "no multiple of the alignment 32"),
    ([8], 0, 1 << 63, "beyond any file"),
    ([8], 0, UInt64(Int.max) - 31, "beyond any file"),
    ([8], 0, 1 << 40, "cut short"),
    ([1 << 30], 0, 0, "cut short"),
    ([1 << 62, 4], 0, 0, "impossible shape"),
    ([1 << 31, 1 << 31, 1 << 31], 0, 0, "impossible shape"),
    ([UInt64.max], 0, 0, "impossible size 18446744073709551615"),
    ([0, 1 << 62, 1 << 62], 0, 0, "impossible size 0"),
    ([1, 1, 1, 1, 1], 0, 0, "5 dimensions"),
    ([33], 8, 0, "impossible shape"),
    ([128], 12, 0, "impossible shape"),
    ([32], 23, 0, "type 23 (IQ4_XS)"),
    ([32], 4, 0, "type 4 (unknown)"),
  ] as [([UInt64], UInt32, UInt64, String)])
  func refusesBadTensors(_ sizes: [UInt64], _ type: UInt32, _ offset: UInt64, _ reason: String) throws {
    var file = Forgery(tensors: 1)
    file.tensor("t", sizes, type: type, offset: offset)
    file.data(64)
    let text = try refusal(file)
    #expect(text.contains("the tensor \"t\""))
    #expect(text.contains(reason), "\(text)")
  }

  @Test func refusesOverlapsAndRepetitions() throws {
    var inside = Forgery(tensors: 2)
    inside.tensor("a", [16])
    inside.tensor("b", [8], offset: 32)
    inside.data(64)
    #expect(try refusal(inside).contains("the tensor \"b\" begins at byte 32 of the data, inside another tensor"))
    var twice = Forgery(tensors: 2)
    twice.tensor("a", [8])
    twice.tensor("a", [8], offset: 32)
    twice.data(64)
    #expect(try refusal(twice).contains("the tensor \"a\" stands there a second time"))
    var dimensions = Forgery(tensors: 1)
    dimensions.add("a")
    dimensions.add(UInt32.max)
    dimensions.data(64)
    #expect(try refusal(dimensions).contains("4294967295 dimensions"))
  }

  @Test func everyPrefixIsRefusedOrSmaller() throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("every_type.gguf"))
    for count in stride(from: 0, to: 1500, by: 7) {
      let path = try folder.file("short.gguf", Array(bytes[..<count]))
      #expect(throws: GGUFError.self) { try GGUFFile(path) }
    }
  }

  @Test func mutatedFilesAreRefusedOrStayInBounds() throws {
    let folder = try TemporaryFolder()
    // The head and the smaller half of the data: most changes then fall on what steers the reader.
    let bytes = try contents(golden("every_type.gguf"))
    var random = SeededGenerator(state: 41)
    var opened = 0
    for _ in 0..<1000 {
      var copy = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<1344, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: copy.remove(at: place)
        case 1: copy.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
        case 2: copy.removeSubrange(Int.random(in: place..<copy.count, using: &random)...)
        case 3: for i in 0..<8 where place + i < copy.count { copy[place + i] = 0xFF }
        default: copy[place] = UInt8.random(in: .min ... .max, using: &random)
        }
        if copy.count < 1400 { break }
      }
      guard let file = try? GGUFFile(folder.file("mutated.gguf", copy)) else { continue }
      opened += 1
      for tensor in file.tensors.values {
        var values = [Float](repeating: 0, count: tensor.count)
        withExtendedLifetime(file) {
          values.withUnsafeMutableBufferPointer { tensor.type.decode(file.bytes(of: tensor), into: $0) }
        }
      }
      for case .strings(let list) in file.metadata.values { #expect(list.strings.count == list.count) }
    }
    #expect(opened > 0)
  }
}
