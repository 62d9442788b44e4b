import Formats
import Inference
import Models
import Optimization
import Tensors
import Tokenization

/// One checkpoint: a complete Hugging Face folder with the optimizer's state beside it.
///
/// ```
/// <step>/config.json generation_config.json tokenizer…  model.safetensors (bf16)
/// <step>/optimizer/{master,exp_avg,exp_avg_sq}.safetensors   float32, global tensors under the same names
/// <step>/state.json  config.yaml  checksums.json (SHA-256 and size of every other file)
/// ```
/// The folder is built beside its place, made durable and renamed.
public struct Checkpoint: Sendable {
  /// The folder.
  public let path: String

  /// A checkpoint that stands in `path`.
  public init(path: String) { self.path = path }

  /// The parts of the optimizer's state, one file each.
  private static let parts = ["master", "exp_avg", "exp_avg_sq"]
  private static let checksums = "checksums.json"

  private static func tensors(_ part: String, _ store: ParameterStore, _ optimizer: AdamW) -> Tensor {
    switch part {
    case "master": store.master
    case "exp_avg": optimizer.firstMoment
    default: optimizer.secondMoment
    }
  }

  /// Writes a checkpoint to `path`, replacing one that stands there.
  /// - Throws: the error of a full disk or the like; what stood there before then still stands.
  public static func save(
    _ model: DecoderModel, optimizer: AdamW, state: CheckpointState, tokenizer: Tokenizer?, configuration: String,
    to path: String
  ) throws {
    let folder = try AtomicFolder(path)
    let partial = folder.partialPath
    do {
      try ModelFolder.save(model, tokenizer: tokenizer, to: partial)
      try Paths.createFolder(partial.appendingPath("optimizer"))
      for part in parts {
        try write(tensors(part, model.store, optimizer), model.store, to: partial.appendingPath("optimizer/\(part).safetensors"))
      }
      try AtomicFile.write(state.json.serialized(pretty: true), to: partial.appendingPath("state.json"))
      try AtomicFile.write(configuration, to: partial.appendingPath("config.yaml"))
      try writeChecksums(partial)
      try folder.commit(replacing: true)
    } catch {
      folder.discard()
      throw error
    }
  }

  /// Compares every file with its checksum.
  /// - Throws: ``CheckpointDamaged`` naming the first file that is missing, cut short or changed.
  public func verify() throws {
    let list = path.appendingPath(Self.checksums)
    guard let json = try? JSON.parse(contentsOfFile: list), let files = json.objectValue, !files.isEmpty else {
      throw CheckpointDamaged(path: list, problem: "is missing or unreadable")
    }
    for (name, entry) in files {
      let file = path.appendingPath(name)
      guard let size = try? Paths.size(ofFile: file) else {
        throw CheckpointDamaged(path: file, problem: "is missing")
      }
      guard size == entry["bytes"]?.intValue else {
        throw CheckpointDamaged(
          path: file, problem: "has \(size) bytes instead of \(entry["bytes"]?.intValue ?? 0)")
      }
      guard try SHA256Digest.hex(ofFile: file) == entry["sha256"]?.stringValue else {
        throw CheckpointDamaged(path: file, problem: "does not match its checksum")
      }
    }
  }

  /// What the checkpoint says of the run.
  public func state() throws -> CheckpointState { try CheckpointState(file: path.appendingPath("state.json")) }

  /// Loads master weights and, if given an optimizer, its moments.
  /// - Throws: a sentence naming the tensor when the checkpoint is of another shape.
  public func load(into model: DecoderModel, optimizer: AdamW?) throws {
    // Everything is checked before the first number is overwritten.
    let wanted = Self.parts.filter { $0 == "master" || optimizer != nil }
    let files = try wanted.map { try Safetensors(path.appendingPath("optimizer/\($0).safetensors")) }
    for file in files {
      for parameter in model.store.parameters {
        _ = try file.entry(parameter.name, element: .float32, shape: parameter.shape)
      }
    }
    for (part, file) in zip(wanted, files) {
      let flat = part == "master" ? model.store.master : part == "exp_avg" ? optimizer?.firstMoment : optimizer?.secondMoment
      guard let flat else { continue }
      for (parameter, offset) in zip(model.store.parameters, model.store.offsets) {
        let bytes = file.bytes(of: try file.entry(parameter.name, element: .float32, shape: parameter.shape))
        (flat.pointer + offset * 4).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      }
    }
    model.store.version.advance()
  }

  private static func write(_ flat: Tensor, _ store: ParameterStore, to path: String) throws {
    let order = zip(store.parameters, store.offsets).sorted { $0.0.name < $1.0.name }
    // Every tensor is whole here; a sharded run writes the ranges of each dimension that its file holds.
    let slices = JSON.object(
      .init(
        uniqueKeysWithValues: order.map { parameter, _ in
          (parameter.name, .array(parameter.shape.map { .array([.integer(0), .integer(Int64($0))]) }))
        }))
    let writer = try SafetensorsWriter(
      path, tensors: order.map { .init(name: $0.0.name, element: .float32, shape: $0.0.shape) },
      metadata: ["format": "pt", "slices": slices.serializedString()])
    do {
      for (parameter, offset) in order {
        let bytes = UnsafeRawBufferPointer(start: flat.pointer + offset * 4, count: parameter.master.count * 4)
        try writer.append(bytes, to: parameter.name)
      }
      try writer.commit()
    } catch {
      writer.discard()
      throw error
    }
  }

  private static func writeChecksums(_ folder: String) throws {
    var entries: [(String, JSON)] = []
    for name in try files(in: folder) {
      let file = folder.appendingPath(name)
      entries.append(
        (
          name,
          .object([
            "bytes": .integer(Int64(try Paths.size(ofFile: file))), "sha256": .string(try SHA256Digest.hex(ofFile: file)),
          ])
        ))
    }
    let json = JSON.object(.init(uniqueKeysWithValues: entries))
    try AtomicFile.write(json.serialized(pretty: true), to: folder.appendingPath(checksums))
  }

  /// Paths of all files below `folder`, sorted.
  private static func files(in folder: String) throws -> [String] {
    try Paths.names(inFolder: folder).sorted().flatMap { name in
      let path = folder.appendingPath(name)
      return Paths.isFolder(path) ? try files(in: path).map { name.appendingPath($0) } : [name]
    }
  }
}

/// Thrown for a checkpoint that cannot be trusted.
public struct CheckpointDamaged: Error, Sendable, CustomStringConvertible {
  public let path: String
  public let problem: String
  public var description: String { "\(path) \(problem)" }
}
