import Formats
import TestSupport
import Testing

@Suite struct SafetensorsTests {
  @Test func readsTheReferenceFile() throws {
    let file = try Safetensors(golden("small.safetensors"))
    #expect(file.metadata["note"] == "größe")
    #expect(
      Set(file.entries.keys) == ["model.norm.weight", "model.embed.weight", "step", "ids", "mask", "bytes", "empty"])
    let norm = try file.entry("model.norm.weight", element: .float32, shape: [5])
    #expect(Array(file.bytes(of: norm).bindMemory(to: Float.self)) == [0, 0.25, 0.5, 0.75, 1])
    let embed = try file.entry("model.embed.weight", element: .float16, shape: [3, 4])
    #expect(file.bytes(of: embed).loadUnaligned(fromByteOffset: 22, as: UInt16.self) == 0x4980)
    let step = try file.entry("step", element: .int64, shape: [])
    #expect(file.bytes(of: step).loadUnaligned(as: Int64.self) == 1_234_567_890_123)
    #expect(Array(file.bytes(of: try file.entry("mask", element: .bool))) == [1, 0, 1])
    #expect(Array(file.bytes(of: try file.entry("bytes", element: .uint8))) == [0, 0x7F, 0x80, 0xFF])
    #expect(file.bytes(of: try file.entry("empty", shape: [0, 3])).isEmpty)
    #expect(sentence { _ = try file.entry("nope") }.hasSuffix("the tensor \"nope\" is missing from the file"))
    #expect(sentence { _ = try file.entry("ids", shape: [4]) }.hasSuffix("has shape [2, 2] where [4] is needed"))
    #expect(sentence { _ = try file.entry("ids", element: .float32) }.hasSuffix("is I32 where F32 is needed"))
  }

  private let tensors: [SafetensorsWriter.Declaration] = [
    .init(name: "a", element: .bfloat16, shape: [2, 3]), .init(name: "none", element: .float32, shape: [0]),
    .init(name: "b", element: .float32, shape: []),
  ]

  private func writeSample(_ path: String) throws {
    try SafetensorsWriter.write(path, tensors: tensors) { tensor, pass in
      switch tensor.name {
      case "a":
        let bytes = (0..<12).map { UInt8($0) }
        try bytes[..<5].withUnsafeBytes { try pass($0) }
        try bytes[5...].withUnsafeBytes { try pass($0) }
      case "b": try withUnsafeBytes(of: Float(1.5)) { try pass($0) }
      default: break
      }
    }
  }

  @Test func bytesAreExactlyTheFormat() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("m.safetensors")
    try writeSample(path)
    var header =
      #"{"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},"#
      + #""none":{"dtype":"F32","shape":[0],"data_offsets":[12,12]},"b":{"dtype":"F32","shape":[],"data_offsets":[12,16]}}"#
    while header.utf8.count % 8 != 0 { header += " " }
    let count = header.utf8.count
    let expected =
      [UInt8(count & 255), UInt8(count >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8) + (0..<12) + [0, 0, 0xC0, 0x3F]
    #expect(try contents(path) == expected)
    let file = try Safetensors(path)
    #expect(file.entries.count == 3)
    #expect(file.bytes(of: try file.entry("b")).loadUnaligned(as: Float.self) == 1.5)
  }

  @Test func writerRefusesMistakes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("m.safetensors")
    func write(_ body: (SafetensorsWriter) throws -> Void) -> String {
      sentence {
        let writer = try SafetensorsWriter(path, tensors: tensors)
        try body(writer)
        try writer.commit()
      }
    }
    let bytes = [UInt8](repeating: 0, count: 13)
    #expect(write { _ in }.hasSuffix("the tensor \"a\" is incomplete: 0 of 12 bytes were given"))
    #expect(
      write { writer in try bytes.withUnsafeBytes { try writer.append($0, to: "a") } }.contains("was given 13 bytes"))
    #expect(write { writer in try bytes.withUnsafeBytes { try writer.append($0, to: "b") } }.contains("\"a\" is next"))
    let twice = tensors + [tensors[0]]
    #expect(throws: SafetensorsError.self) { try SafetensorsWriter(path, tensors: twice) }
    let huge = [SafetensorsWriter.Declaration(name: "h", element: .float64, shape: [.max, 2])]
    #expect(throws: SafetensorsError.self) { try SafetensorsWriter(path, tensors: huge) }
    let negative = [SafetensorsWriter.Declaration(name: "h", element: .float64, shape: [-1])]
    #expect(throws: SafetensorsError.self) { try SafetensorsWriter(path, tensors: negative) }
    #expect(try Paths.names(inFolder: folder.path).isEmpty)
  }

  @Test(arguments: [
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      8, "overlap"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "holes"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 8, "end at byte 4"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, 8, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "takes 12"),
    (#"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#, 8, "unknown dtype F31"),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "no list of sizes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, 8, "overflows"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      8, "second time"
    ),
    (#"{"__metadata__":{"format":1}}"#, 0, "__metadata__.format is not a string"),
    (#"[]"#, 0, "does not begin with '{'"),
    (#"{"a":3}"#, 0, "has no dtype"),
  ])
  func refuses(_ header: String, _ dataCount: Int, _ reason: String) throws {
    let folder = try TemporaryFolder()
    let length = header.utf8.count
    let path = try folder.file(
      "bad.safetensors",
      [UInt8(length & 255), UInt8(length >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8)
        + [UInt8](repeating: 0, count: dataCount))
    let text = sentence { _ = try Safetensors(path) }
    #expect(text.hasPrefix(path))
    #expect(text.contains(reason))
  }

  @Test func refusesLyingLengths() throws {
    let folder = try TemporaryFolder()
    for bytes: [UInt8] in [[], [1, 2, 3], [200, 0, 0, 0, 0, 0, 0, 0, 0x7B], [UInt8](repeating: 255, count: 64)] {
      let path = try folder.file("bad.safetensors", bytes)
      #expect(throws: SafetensorsError.self) { try Safetensors(path) }
    }
  }

  @Test func mutatedFilesAreRefusedOrStayInBounds() throws {
    let folder = try TemporaryFolder()
    let bytes = try contents(golden("small.safetensors"))
    var random = SeededGenerator(state: 23)
    var total = 0
    for _ in 0..<2000 {
      let path = try folder.file("mutated.safetensors", mutated(bytes, &random))
      guard let file = try? Safetensors(path) else { continue }
      for entry in file.entries.values { total += file.bytes(of: entry).reduce(0) { $0 + Int($1) } }
    }
    #expect(total > 0)
  }
}
