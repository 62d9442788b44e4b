public import OrderedCollections

/// Writes a GGUF file of version 3 tensor by tensor, in the order in which the tensors were declared.
///
/// The same metadata and tensors give the same bytes. The file appears at its path only when `commit()` succeeds.
public final class GGUFWriter {
  /// A tensor that the file will hold.
  public struct Declaration: Sendable, Equatable {
    /// Name of the tensor, unique in the file.
    public var name: String
    /// How its values are stored.
    public var type: GGUFTensorType
    /// Sizes of its dimensions, outermost first.
    public var shape: [Int]

    /// Declares a tensor.
    public init(name: String, type: GGUFTensorType, shape: [Int]) {
      self.name = name
      self.type = type
      self.shape = shape
    }
  }

  /// Tensors begin at multiples of so many bytes.
  public static let alignment = 32

  private let writer: FileWriter
  private var queue: TensorQueue

  /// Writes metadata and the places of the tensors, and waits for the tensors.
  /// - Throws: `GGUFError` for a repeated name or an impossible shape, `FileError` when the file cannot be written.
  public init(
    _ path: String, metadata: OrderedDictionary<String, GGUFValue>, tensors: [Declaration]
  ) throws {
    let (head, sizes) = try GGUFWriter.head(path: path, metadata: metadata, tensors: tensors)
    queue = TensorQueue(sizes)
    writer = try FileWriter(path)
    try writer.write(head)
  }

  /// The size that a file of these would have, without writing it.
  /// - Throws: `GGUFError` for a repeated name or an impossible shape.
  public static func byteCount(
    metadata: OrderedDictionary<String, GGUFValue>, tensors: [Declaration], path: String
  ) throws -> Int {
    let (head, sizes) = try head(path: path, metadata: metadata, tensors: tensors)
    return sizes.reduce(head.count) { $0 + padded($1.byteCount) }
  }

  /// Appends bytes of the tensor that is next, all of it or a piece.
  /// - Throws: `GGUFError` when `name` is not the next tensor or the bytes exceed it, `FileError` when the disk refuses.
  public func append(_ bytes: UnsafeRawBufferPointer, to name: String) throws {
    if bytes.isEmpty { return }
    let isComplete: Bool
    do {
      isComplete = try queue.take(bytes.count, of: name)
    } catch {
      throw GGUFError(path: writer.path, .tensor(error.name), problem: error.text)
    }
    try writer.write(bytes)
    if isComplete {
      try writer.write([UInt8](repeating: 0, count: GGUFWriter.padded(writer.byteCount) - writer.byteCount))
    }
  }

  /// Puts the file in place.
  /// - Throws: `GGUFError` when a tensor is incomplete, `FileError` when the disk refuses.
  public func commit() throws {
    do {
      try queue.finish()
    } catch {
      writer.discard()
      throw GGUFError(path: writer.path, .tensor(error.name), problem: error.text)
    }
    try writer.commit()
  }

  /// Gives the file up; what stood at its path stays.
  public func discard() { writer.discard() }

  private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  /// All that comes before the tensors' bytes, and the size of each of them.
  private static func head(
    path: String, metadata: OrderedDictionary<String, GGUFValue>, tensors: [Declaration]
  ) throws -> (bytes: [UInt8], sizes: [(name: String, byteCount: Int)]) {
    var head = GGUFBytes()
    head.add(UInt32(0x4655_4747))
    head.add(UInt32(3))
    head.add(UInt64(tensors.count))
    head.add(UInt64(metadata.count))
    for (key, value) in metadata {
      head.add(key)
      head.add(value)
    }
    var sizes: [(name: String, byteCount: Int)] = []
    var names: Set<String> = []
    var offset = 0
    for tensor in tensors {
      func refuse(_ problem: String) -> GGUFError { GGUFError(path: path, .tensor(tensor.name), problem: problem) }
      guard names.insert(tensor.name).inserted else { throw refuse("is declared twice") }
      guard tensor.shape.count <= 4, let size = tensor.type.byteCount(shape: tensor.shape), size < 1 << 62 - offset
      else { throw refuse("has an impossible shape for \(tensor.type.name): \(tensor.shape)") }
      head.add(tensor.name)
      head.add(UInt32(tensor.shape.count))
      for size in tensor.shape.reversed() { head.add(UInt64(size)) }
      head.add(tensor.type.rawValue)
      head.add(UInt64(offset))
      sizes.append((tensor.name, size))
      offset += padded(size)
    }
    head.bytes += [UInt8](repeating: 0, count: padded(head.bytes.count) - head.bytes.count)
    return (head.bytes, sizes)
  }
}
