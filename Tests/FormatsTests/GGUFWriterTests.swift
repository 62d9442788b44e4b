import Formats
import OrderedCollections
import TestSupport
import Testing

@Suite struct GGUFWriterTests {
  @Test func whatIsReadIsWrittenAgain() throws {
    let folder = try TemporaryFolder()
    let original = try GGUFFile(golden("every_type.gguf"))
    var metadata = original.metadata
    metadata["general.alignment"] = nil
    metadata["test.lists"] = .lists([.numbers(.int32([1, 2])), .strings(GGUFStrings(["a", ""])), .lists([])])
    metadata["test.wide"] = .numbers(.float64([0.1, -2]))
    let path = folder.path.appendingPath("copy.gguf")
    let tensors = original.tensors.values.map {
      GGUFWriter.Declaration(name: $0.name, type: $0.type, shape: $0.shape)
    }
    let writer = try GGUFWriter(path, metadata: metadata, tensors: tensors)
    try withExtendedLifetime(original) {
      for tensor in original.tensors.values {
        // In two pieces, and from a place of any alignment.
        let bytes = original.bytes(of: tensor)
        try writer.append(UnsafeRawBufferPointer(rebasing: bytes[..<7]), to: tensor.name)
        try writer.append(UnsafeRawBufferPointer(rebasing: bytes[7...]), to: tensor.name)
      }
    }
    #expect(try Paths.names(inFolder: folder.path).allSatisfy { $0 != "copy.gguf" })
    try writer.commit()
    let copy = try GGUFFile(path)
    #expect(copy.metadata == metadata)
    #expect(copy.alignment == 32)
    for tensor in original.tensors.values {
      let twin = try #require(copy.tensors[tensor.name])
      #expect(twin.type == tensor.type && twin.shape == tensor.shape)
      let isSame = withExtendedLifetime((copy, original)) {
        copy.bytes(of: twin).elementsEqual(original.bytes(of: tensor))
      }
      #expect(isSame)
    }
    #expect(
      try GGUFWriter.byteCount(metadata: metadata, tensors: tensors, path: path) == Paths.size(ofFile: path))
  }

  @Test func refusesMistakes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appendingPath("m.gguf")
    func refusal(_ tensors: [GGUFWriter.Declaration], _ body: (GGUFWriter) throws -> Void = { _ in }) -> String {
      sentence {
        let writer = try GGUFWriter(path, metadata: [:], tensors: tensors)
        try body(writer)
        try writer.commit()
      }
    }
    let one = GGUFWriter.Declaration(name: "a", type: .q8_0, shape: [2, 32])
    let bytes = [UInt8](repeating: 0, count: 69)
    #expect(refusal([one]).hasSuffix("the tensor \"a\" is incomplete: 0 of 68 bytes were given"))
    #expect(
      refusal([one]) { writer in try bytes.withUnsafeBytes { try writer.append($0, to: "a") } }
        .contains("was given 69 bytes where its shape takes 68"))
    #expect(
      refusal([one]) { writer in try bytes.withUnsafeBytes { try writer.append($0, to: "b") } }
        .contains("\"a\" is next"))
    #expect(refusal([one, one]).contains("declared twice"))
    #expect(refusal([.init(name: "a", type: .q8_0, shape: [2, 33])]).contains("impossible shape for Q8_0"))
    #expect(refusal([.init(name: "a", type: .float32, shape: [.max, 2])]).contains("impossible shape"))
    #expect(refusal([.init(name: "a", type: .float32, shape: [0])]).contains("impossible shape"))
    #expect(refusal([.init(name: "a", type: .float32, shape: [1, 1, 1, 1, 1])]).contains("impossible shape"))
    #expect(try Paths.names(inFolder: folder.path).isEmpty)
  }
}
