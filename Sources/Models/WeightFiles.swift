import Formats
import Foundation
import Tensors

/// Reading and writing a model's weights as safetensors under their Hugging Face names.
public enum WeightFiles {
  /// Loads every parameter of `store` from `model.safetensors` or the shards of `model.safetensors.index.json` in
  /// `directory`; F32, BF16 and F16 are widened.
  /// - Throws: a sentence naming file and tensor when one is missing, has another shape, or the file is damaged.
  public static func load(into store: ParameterStore, directory: String) throws {
    let shards = try shardPaths(directory)
    let files = try shards.map(Safetensors.init)
    let names = StoredNames(first: store.parameters[0].name) { name in files.contains { $0.entries[name] != nil } }
    for (declaration, parameter) in zip(store.declarations, store.parameters) {
      let name = names(parameter.name)
      guard let file = files.first(where: { $0.entries[name] != nil }), let entry = file.entries[name] else {
        throw SafetensorsError(
          path: shards[0], tensor: name, problem: "is missing, which this configuration needs")
      }
      guard entry.shape == declaration.storedShape else {
        throw SafetensorsError(
          path: file.file.path, tensor: name,
          problem: "has shape \(entry.shape), but this configuration needs \(declaration.storedShape)")
      }
      try declaration.fillFromStored(parameter.master) { try read(entry, of: file, into: $0) }
    }
    store.version.advance()
  }

  /// Writes every parameter to one safetensors file, beside and renamed.
  public static func save(_ store: ParameterStore, as dtype: DType, to path: String) throws {
    let element: TensorElement = dtype == .bfloat16 ? .bfloat16 : .float32
    // Sorted by name, as the reference writer does, so that equal weights are equal bytes whatever the layout.
    let order = zip(store.declarations, store.parameters).sorted { $0.0.name < $1.0.name }
    let writer = try SafetensorsWriter(
      path, tensors: order.map { .init(name: $0.0.name, element: element, shape: $0.0.storedShape) })
    do {
      for (declaration, parameter) in order {
        try declaration.withStoredValues(of: parameter.master) {
          try write($0, as: dtype, parameter.name, to: writer)
        }
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }

  private static func write(
    _ values: UnsafeBufferPointer<Float>, as dtype: DType, _ name: String, to writer: SafetensorsWriter
  ) throws {
    for start in stride(from: 0, to: values.count, by: 1 << 20) {
      let part = UnsafeBufferPointer(rebasing: values[start..<min(start + 1 << 20, values.count)])
      if dtype == .bfloat16 {
        try part.map(BFloat16.bits).withUnsafeBytes { try writer.append($0, to: name) }
      } else {
        try writer.append(UnsafeRawBufferPointer(part), to: name)
      }
    }
  }

  private static func shardPaths(_ directory: String) throws -> [String] {
    let index = directory.appendingPath("model.safetensors.index.json")
    guard FileManager.default.fileExists(atPath: index) else { return [directory.appendingPath("model.safetensors")] }
    guard case .object(let map)? = try JSON.parse(contentsOfFile: index)["weight_map"] else {
      throw FileError(path: index, problem: "has no weight_map that names the shard of each tensor")
    }
    let names = Set(map.values.compactMap { $0.stringValue })
    guard !names.isEmpty, names.allSatisfy({ !$0.contains("/") }) else {
      throw FileError(path: index, problem: "has a weight_map that does not name files of its own folder")
    }
    return names.sorted().map { directory.appendingPath($0) }
  }

  private static func read(
    _ entry: Safetensors.Entry, of file: Safetensors, into values: UnsafeMutableBufferPointer<Float>
  ) throws {
    let bytes = file.bytes(of: entry)
    switch entry.element {
    case .float32:
      UnsafeMutableRawBufferPointer(values).copyMemory(from: bytes)
    case .bfloat16:
      for i in values.indices { values[i] = BFloat16.float(bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)) }
    case .float16:
      for i in values.indices {
        values[i] = Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)))
      }
    default:
      throw SafetensorsError(
        path: file.file.path, tensor: entry.name, problem: "is \(entry.element.rawValue), but weights are F32, BF16 or F16")
    }
  }
}
