import Formats
import OrderedCollections
import TestSupport
import Testing

/// A model in several files.
@Suite struct GGUFSplitTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Writes one part with tensors of those names, each filled with its length.
  private func write(_ name: String, number: Int?, count: Int?, _ tensors: [String]) throws {
    var metadata: OrderedDictionary<String, GGUFValue> = ["general.architecture": .string("llama")]
    if let number { metadata["split.no"] = .uint16(UInt16(number)) }
    if let count { metadata["split.count"] = .uint16(UInt16(count)) }
    let writer = try GGUFWriter(
      folder.path.appendingPath(name), metadata: metadata,
      tensors: tensors.map { .init(name: $0, type: .float32, shape: [3]) })
    for tensor in tensors {
      try [Float](repeating: Float(tensor.count), count: 3).withUnsafeBytes { try writer.append($0, to: tensor) }
    }
    try writer.commit()
  }

  private func read(_ name: String = "m-00001-of-00003.gguf") throws -> GGUFFile {
    try GGUFFile(folder.path.appendingPath(name))
  }

  @Test func partsAreOneModel() throws {
    try write("m-00001-of-00003.gguf", number: 0, count: 3, [])
    try write("m-00002-of-00003.gguf", number: 1, count: 3, ["a", "bb"])
    try write("m-00003-of-00003.gguf", number: 2, count: 3, ["ccc"])
    let file = try read()
    #expect(Array(file.tensors.keys) == ["a", "bb", "ccc"] && file.files.count == 3)
    for tensor in file.tensors.values {
      let values = withExtendedLifetime(file) { Array(file.bytes(of: tensor).bindMemory(to: Float.self)) }
      #expect(values == [Float](repeating: Float(tensor.name.count), count: 3))
    }
    #expect(sentence { _ = try read("m-00003-of-00003.gguf") }.contains("name the first, m-00001-of-00003.gguf"))
  }

  @Test func aSingleFileMaySaySo() throws {
    try write("m.gguf", number: 0, count: 1, ["a"])
    #expect(try read("m.gguf").tensors.count == 1)
  }

  @Test func wrongPartsAreRefused() throws {
    try write("m-00001-of-00003.gguf", number: 0, count: 3, ["a"])
    #expect(sentence { _ = try read() }.contains("m-00002-of-00003.gguf"))
    try write("m-00003-of-00003.gguf", number: 2, count: 3, ["b"])
    for (number, count) in [(2, 3), (1, 2), (nil, nil)] as [(Int?, Int?)] {
      try write("m-00002-of-00003.gguf", number: number, count: count, ["bb"])
      #expect(sentence { _ = try read() }.contains("m-00002-of-00003.gguf: the key \"split."))
    }
    try write("m-00002-of-00003.gguf", number: 1, count: 3, ["a"])
    #expect(sentence { _ = try read() }.contains("m-00002-of-00003.gguf: the tensor \"a\" stands in a file before"))
    try write("other.gguf", number: 0, count: 3, ["a"])
    #expect(sentence { _ = try read("other.gguf") }.contains("must be called NAME-00001-of-00003.gguf"))
  }
}
