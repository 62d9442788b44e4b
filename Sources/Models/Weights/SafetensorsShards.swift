import Formats
import OrderedCollections

/// Weights as safetensors: one file, or shards and an index above a size, as transformers writes them.
public struct SafetensorsShards: Sendable {
  /// One file with its tensors.
  struct File {
    var path: String
    var tensors: [StoredTensor]
  }

  /// The size that transformers keeps a file below.
  public static let standardLimit = 5_000_000_000

  /// Names of the files, without the index.
  public let names: [String]
  /// Bytes of the tensors of each file, without its header.
  public let byteCounts: [Int]
  private let shards: [[StoredTensor]]
  private let type: WeightType

  /// Divides a model's tensors into files.
  /// - Parameters:
  ///   - type: `float32`, `float16` or `bfloat16`.
  ///   - limit: the bytes of tensors that a file may hold; a larger tensor has a file of its own.
  /// - Throws: `WeightError` for a type that safetensors do not have.
  public init(_ configuration: ModelConfiguration, as type: WeightType, limit: Int = standardLimit) throws {
    guard type.safetensors != nil else {
      throw WeightError(
        path: "model.safetensors", tensor: "model.embed_tokens.weight",
        problem: "cannot be \(type.rawValue) in safetensors; take f32, f16 or bf16, or write a GGUF file")
    }
    var shards: [[StoredTensor]] = [[]]
    var filled = [0]
    for tensor in StoredTensor.all(configuration.declarations()) {
      let size = tensor.count * (tensor.type(type).safetensors?.width ?? 4)
      if filled[filled.count - 1] > 0, filled[filled.count - 1] + size > limit {
        shards.append([])
        filled.append(0)
      }
      shards[shards.count - 1].append(tensor)
      filled[filled.count - 1] += size
    }
    self.shards = shards
    self.type = type
    byteCounts = filled
    names =
      shards.count == 1
      ? ["model.safetensors"]
      : shards.indices.map { "model-\(Self.digits($0 + 1))-of-\(Self.digits(shards.count)).safetensors" }
  }

  /// Writes the files, and the index last where there are several, into a folder; each is written beside and renamed.
  /// Safetensors of another division that stand there are removed.
  /// - Throws: what reading a weight or writing a file throws.
  public func write(
    from source: any WeightSource, to directory: String, progress: WeightFiles.Progress = { _, _ in }
  ) throws {
    var written = 0
    let total = byteCounts.reduce(0, +)
    for (name, tensors) in zip(names, shards) {
      try Self.write(File(path: directory.appendingPath(name), tensors: tensors), from: source, as: type) { count in
        written += count
        try progress(written, total)
      }
    }
    let index = "model.safetensors.index.json"
    if names.count > 1 { try writeIndex(directory.appendingPath(index)) }
    let wanted = Set(names + (names.count > 1 ? [index] : []))
    for name in try Paths.names(inFolder: directory) where !wanted.contains(name) && Self.isOurs(name) {
      try Paths.remove(directory.appendingPath(name))
    }
  }

  /// Writes one file; `progress` is told of every piece.
  static func write(
    _ file: File, from source: any WeightSource, as type: WeightType, progress: (Int) throws -> Void
  ) throws {
    // Sorted by name, as the reference writer does, so that equal weights are equal bytes whatever the layout.
    let order = file.tensors.sorted { $0.name < $1.name }
    let writer = try SafetensorsWriter(
      file.path,
      tensors: order.map { .init(name: $0.name, element: $0.type(type).safetensors ?? .float32, shape: $0.shape) })
    do {
      let buffer = WeightBuffer(capacity: order.map(\.count).max() ?? 0)
      for tensor in order {
        try buffer.pass(
          tensor.name, count: tensor.count, as: tensor.type(type).gguf, to: file.path,
          fill: { try tensor.fill($0) { part, values in try source.read(part.name, shape: part.shape, into: values) } }
        ) { bytes in
          try writer.append(bytes, to: tensor.name)
          try progress(bytes.count)
        }
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }

  private func writeIndex(_ path: String) throws {
    var places: [(String, String)] = []
    for (name, tensors) in zip(names, shards) { places += tensors.map { ($0.name, name) } }
    var map: OrderedDictionary<String, JSON> = [:]
    for (tensor, name) in places.sorted(by: { $0.0 < $1.0 }) { map[tensor] = .string(name) }
    let index: JSON = [
      "metadata": ["total_size": .integer(Int64(byteCounts.reduce(0, +)))], "weight_map": .object(map),
    ]
    try AtomicFile.write(index.serializedString(pretty: true) + "\n", to: path)
  }

  /// Whether a file is one that this writes, so that it would be taken for a part of the model.
  private static func isOurs(_ name: String) -> Bool {
    if name == "model.safetensors" || name == "model.safetensors.index.json" { return true }
    let parts = name.split(separator: "-")
    return parts.count == 4 && parts[0] == "model" && parts[2] == "of" && parts[1].allSatisfy(\.isNumber)
      && parts[3].hasSuffix(".safetensors")
  }

  private static func digits(_ number: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, 5 - text.count)) + text
  }
}
