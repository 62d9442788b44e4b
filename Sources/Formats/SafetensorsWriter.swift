import OrderedCollections

/// Writes a safetensors file tensor by tensor, in the order in which the tensors were declared.
///
/// The same tensors give the same bytes. The header is padded with spaces to a multiple of 8; the file appears at its
/// path only when `commit()` succeeds.
public final class SafetensorsWriter {
  /// A tensor that the file will hold.
  public struct Declaration: Sendable, Equatable {
    /// Name of the tensor, unique in the file.
    public var name: String
    /// Type of its elements.
    public var element: TensorElement
    /// Sizes of its dimensions, outermost first.
    public var shape: [Int]

    /// Declares a tensor.
    public init(name: String, element: TensorElement, shape: [Int]) {
      self.name = name
      self.element = element
      self.shape = shape
    }
  }

  private let writer: FileWriter
  private var queue: TensorQueue

  /// Writes the header and waits for the tensors.
  /// - Parameter metadata: the header's `__metadata__`.
  /// - Throws: `SafetensorsError` for a repeated or reserved name or an impossible shape, `FileError` when the file
  ///   cannot be written.
  public init(
    _ path: String, tensors: [Declaration], metadata: OrderedDictionary<String, String> = ["format": "pt"]
  ) throws {
    var header: OrderedDictionary<String, JSON> = [:]
    if !metadata.isEmpty { header["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
    var offset = 0
    var sizes: [(name: String, byteCount: Int)] = []
    for tensor in tensors {
      guard tensor.name != "__metadata__", header[tensor.name] == nil else {
        throw SafetensorsError(path: path, tensor: tensor.name, problem: "is declared twice or has a reserved name")
      }
      let end = tensor.element.byteCount(shape: tensor.shape).map { offset.addingReportingOverflow($0) }
      guard let end, !end.overflow, let size = tensor.element.byteCount(shape: tensor.shape) else {
        throw SafetensorsError(path: path, tensor: tensor.name, problem: "has an impossible shape: \(tensor.shape)")
      }
      header[tensor.name] = [
        "dtype": .string(tensor.element.rawValue),
        "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
        "data_offsets": [.integer(Int64(offset)), .integer(Int64(end.partialValue))],
      ]
      sizes.append((tensor.name, size))
      offset = end.partialValue
    }
    var text = JSON.object(header).serialized()
    text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
    guard text.count <= Safetensors.headerLimit else {
      throw SafetensorsError(
        path: path, problem: "a header of \(text.count) bytes is longer than the limit of \(Safetensors.headerLimit)")
    }
    queue = TensorQueue(sizes)
    writer = try FileWriter(path)
    try withUnsafeBytes(of: UInt64(text.count).littleEndian) { try writer.write($0) }
    try writer.write(text)
  }

  /// Appends bytes of the tensor that is next, all of it or a piece; little-endian, row-major.
  ///
  /// Tensors without elements are passed over by themselves.
  /// - Throws: `SafetensorsError` when `name` is not the next tensor or the bytes exceed it, `FileError` when the disk
  ///   refuses.
  public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
    if bytes.isEmpty { return }
    do {
      _ = try queue.take(bytes.count, of: name)
    } catch {
      throw SafetensorsError(path: writer.path, tensor: error.name, problem: error.text)
    }
    try writer.write(bytes)
  }

  /// Puts the file in place.
  /// - Throws: `SafetensorsError` when a tensor is incomplete, `FileError` when the disk refuses.
  public func commit() throws {
    do {
      try queue.finish()
    } catch {
      writer.discard()
      throw SafetensorsError(path: writer.path, tensor: error.name, problem: error.text)
    }
    try writer.commit()
  }

  /// Gives the file up; what stood at its path stays.
  public func discard() { writer.discard() }

  /// Writes a whole file: `data` is asked for each tensor's bytes, in order, and passes them to its second argument.
  /// - Throws: what `init`, `append`, `commit` or `data` throw; then `path` is as it was before.
  public static func write(
    _ path: String, tensors: [Declaration], metadata: OrderedDictionary<String, String> = ["format": "pt"],
    data: (Declaration, (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let writer = try SafetensorsWriter(path, tensors: tensors, metadata: metadata)
    do {
      for tensor in tensors { try data(tensor) { try writer.append($0, to: tensor.name) } }
    } catch {
      writer.discard()
      throw error
    }
    try writer.commit()
  }
}
