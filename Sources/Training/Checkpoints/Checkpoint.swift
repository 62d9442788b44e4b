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
/// <step>/optimizer/master.safetensors   float32, global tensors under the same names
/// <step>/optimizer/{exp_avg,…}.safetensors   the optimizer's state, a file for each name that its rule declares
/// <step>/state.json  config.yaml  checksums.json (SHA-256 and size of every other file)
/// ```
/// The folder is built beside its place, made durable and renamed.
public struct Checkpoint: Sendable {
  /// The folder.
  public let path: String

  /// A checkpoint that stands in `path`.
  public init(path: String) { self.path = path }

  private static let master = "master"
  private static let checksums = "checksums.json"

  /// A float32 tensor of the optimizer's folder.
  private struct Part {
    var name: String
    var tensor: Tensor

    static func master(_ store: ParameterStore) -> [Part] { store.parameters.map { Part(name: $0.name, tensor: $0.master) } }
    static func state(_ tensors: [Optimizer.StateTensor]) -> [Part] {
      tensors.map { Part(name: $0.parameter, tensor: $0.tensor) }
    }
  }

  private static func file(_ name: String, in folder: String) -> String {
    folder.appendingPath("optimizer/\(name).safetensors")
  }

  /// Writes a checkpoint to `path`, replacing one that stands there.
  /// - Throws: the error of a full disk or the like; what stood there before then still stands.
  public static func save(
    _ model: DecoderModel, optimizer: Optimizer, state: CheckpointState, tokenizer: Tokenizer?, configuration: String,
    to path: String
  ) throws {
    let folder = try AtomicFolder(path)
    let partial = folder.partialPath
    do {
      try ModelFolder.save(model, tokenizer: tokenizer, to: partial)
      try Paths.createFolder(partial.appendingPath("optimizer"))
      try write(Part.master(model.store), to: file(master, in: partial))
      for state in optimizer.states { try write(Part.state(state.tensors), to: file(state.name, in: partial)) }
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

  /// Loads master weights and, if given an optimizer, its state, but those of the parameters `new`, which keep what they
  /// hold.
  /// - Throws: a sentence naming the file or tensor when the checkpoint is of another shape or another optimizer.
  public func load(into model: DecoderModel, optimizer: Optimizer?, exceptFor new: Set<String> = []) throws {
    // Everything is checked before the first number is overwritten.
    var wanted = [(Self.master, Part.master(model.store))]
    for state in optimizer?.states ?? [] { wanted.append((state.name, Part.state(state.tensors))) }
    wanted = wanted.map { name, parts in (name, parts.filter { !new.contains($0.name) }) }
    let files = try wanted.map { name, parts in
      let path = Self.file(name, in: path)
      guard Paths.exists(path) else {
        throw FileError(
          path: path,
          problem: "is missing: the checkpoint was made with another optimizer; checkpoints.load_optimizer: false takes "
            + "over the weights alone")
      }
      let file = try Safetensors(path)
      for part in parts { _ = try file.entry(part.name, element: .float32, shape: part.tensor.shape) }
      return file
    }
    for (file, (_, parts)) in zip(files, wanted) {
      for part in parts {
        let bytes = file.bytes(of: try file.entry(part.name))
        guard let address = bytes.baseAddress else { continue }
        part.tensor.write { $0.pointer.copyMemory(from: address, byteCount: bytes.count) }
      }
    }
    model.store.version.advance()
  }

  private static func write(_ parts: [Part], to path: String) throws {
    let order = parts.sorted { $0.name < $1.name }
    // Every tensor is whole here; a sharded run writes the ranges of each dimension that its file holds.
    let slices = JSON.object(
      .init(
        uniqueKeysWithValues: order.map { part in
          (part.name, .array(part.tensor.shape.map { .array([.integer(0), .integer(Int64($0))]) }))
        }))
    let writer = try SafetensorsWriter(
      path, tensors: order.map { .init(name: $0.name, element: .float32, shape: $0.tensor.shape) },
      metadata: ["format": "pt", "slices": slices.serializedString()])
    do {
      for part in order {
        try part.tensor.read { host in
          try writer.append(UnsafeRawBufferPointer(start: host.pointer, count: host.count * 4), to: part.name)
        }
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
