import Formats
import Foundation
import Models
import Tensors
import Testing

/// Folders as others publish them: in shards, and under other names.
@Suite struct WeightFilesTests {
  /// Writes a golden case's tensors under other names into as many shards, with an index.
  private func republish(
    _ name: String, shards: Int, into folder: String, rename: (String) -> String
  ) throws {
    let golden = try #require(Bundle.module.resourcePath).appendingPath("Golden").appendingPath(name)
    let file = try Safetensors(golden.appendingPath("model.safetensors"))
    try Paths.createFolder(folder)
    var map: JSON = .object([:])
    let entries = Array(file.entries.values)
    for shard in 0..<shards {
      let part = entries.indices.filter { $0 % shards == shard }.map { entries[$0] }
      let path = "model-\(shard + 1)-of-\(shards).safetensors"
      let writer = try SafetensorsWriter(
        folder.appendingPath(path),
        tensors: part.map { .init(name: rename($0.name), element: $0.element, shape: $0.shape) })
      for entry in part {
        try writer.append(file.bytes(of: entry), to: rename(entry.name))
        map[rename(entry.name)] = .string(path)
      }
      try writer.commit()
    }
    try AtomicFile.write(
      JSON.object(["weight_map": map]).serializedString(), to: folder.appendingPath("model.safetensors.index.json"))
  }

  @Test(arguments: [
    ("llama_mha_untied", "model.", "model."), ("llama_mha_untied", "model.", "language_model.model."),
    ("gemma3", "model.", "model.language_model."), ("gemma3", "model.", ""), ("gpt2", "transformer.", ""),
  ])
  func shardsAndOtherNames(name: String, prefix: String, stored: String) throws {
    let folder = FileManager.default.temporaryDirectory.path.appendingPath("apus-shards-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try republish(name, shards: 3, into: folder) { name in
      if name.hasPrefix(prefix) { return stored + name.dropFirst(prefix.count) }
      return stored == "language_model.model." ? "language_model." + name : name
    }
    let golden = try GoldenCase(name)
    let model = DecoderModel(golden.model.configuration, trainable: false)
    try WeightFiles.load(into: model.store, directory: folder)
    #expect(model.store.master.toFloats() == golden.model.store.master.toFloats())
  }

  /// gpt-oss's experts in four bits, against what transformers makes of them (`scripts/golden/mxfp4.py`).
  @Test func packedExpertsAreWidened() throws {
    let folder = try #require(Bundle.module.resourcePath).appendingPath("Golden/mxfp4")
    let expected = try Safetensors(folder.appendingPath("expected.safetensors"))
    let model = try StoredModel(folder).load()
    var packed = 0
    for (declaration, parameter) in zip(model.store.declarations, model.store.parameters) {
      guard let place = declaration.stored, declaration.shape.count == 2 else { continue }
      let bytes = expected.bytes(of: try expected.entry(place.tensor, element: .float32, shape: place.shape))
      let (rows, columns) = (declaration.shape[0], declaration.shape[1])
      let values = (0..<rows * columns).map { i in
        let element = place.first + i / columns * place.rowStride + i % columns * place.columnStride
        return bytes.loadUnaligned(fromByteOffset: 4 * element, as: Float.self)
      }
      #expect(parameter.master.toFloats() == values, "\(parameter.name)")
      packed += 1
    }
    #expect(packed == 9)
    let generating = try StoredModel(folder).load(for: Execution(compute: .bfloat16))
    for parameter in model.store.parameters {
      var values = [Float](repeating: .nan, count: parameter.count)
      try values.withUnsafeMutableBufferPointer { try StoreWeights(generating.store).read(parameter.name, into: $0) }
      #expect(values == parameter.master.toFloats(), "\(parameter.name)")
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    let folder = FileManager.default.temporaryDirectory.path.appendingPath("apus-shards-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try republish("gemma3", shards: 2, into: folder) { $0.replacing("pre_feedforward", with: "other") }
    let model = DecoderModel(try GoldenCase("gemma3").model.configuration, trainable: false)
    do {
      try WeightFiles.load(into: model.store, directory: folder)
      Issue.record("a folder without a norm was accepted")
    } catch {
      #expect("\(error)".contains("\"model.layers.0.pre_feedforward_layernorm.weight\" is missing"))
    }
  }
}
