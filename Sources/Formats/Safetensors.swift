public import OrderedCollections

/// A safetensors file, mapped and fully checked: a JSON header that names each tensor's type, shape and place, then
/// the tensors' little-endian bytes without gaps. Format: huggingface/safetensors, "Format".
public struct Safetensors: Sendable {
  /// One tensor in a file.
  public struct Entry: Sendable, Equatable {
    /// Name of the tensor.
    public let name: String
    /// Type of its elements.
    public let element: TensorElement
    /// Sizes of its dimensions, outermost first; empty for a scalar.
    public let shape: [Int]
    /// Where its bytes lie in the data section.
    public let range: Range<Int>

    /// Describes a tensor.
    public init(name: String, element: TensorElement, shape: [Int], range: Range<Int>) {
      self.name = name
      self.element = element
      self.shape = shape
      self.range = range
    }
  }

  /// Headers longer than this are refused, as the reference implementation does.
  public static let headerLimit = 100_000_000

  /// The file that holds the tensors.
  public let file: MappedFile
  /// The tensors in the order of the header, by name.
  public let entries: OrderedDictionary<String, Entry>
  /// The header's `__metadata__`.
  public let metadata: OrderedDictionary<String, String>
  private let dataStart: Int

  /// Maps a file and checks all of its header.
  /// - Throws: `FileError` when it cannot be read, `SafetensorsError` or `JSONError` when it is damaged.
  public init(_ path: String) throws {
    let file = try MappedFile(path)
    let header = try file.withBytes { try SafetensorsHeader($0, path: path) }
    self.file = file
    entries = header.entries
    metadata = header.metadata
    dataStart = header.dataStart
  }

  /// The bytes of a tensor, valid as long as `file` lives.
  public func bytes(of entry: Entry) -> UnsafeRawBufferPointer {
    let start = dataStart + entry.range.lowerBound
    return UnsafeRawBufferPointer(rebasing: file.bytes[start..<dataStart + entry.range.upperBound])
  }

  /// The tensor `name`, checked for its type and shape.
  /// - Throws: `SafetensorsError` when it is missing or of another type or shape.
  public func entry(_ name: String, element: TensorElement? = nil, shape: [Int]? = nil) throws -> Entry {
    guard let entry = entries[name] else {
      throw SafetensorsError(path: file.path, tensor: name, problem: "is missing from the file")
    }
    if let element, entry.element != element {
      throw SafetensorsError(
        path: file.path, tensor: name, problem: "is \(entry.element.rawValue) where \(element.rawValue) is needed")
    }
    if let shape, entry.shape != shape {
      throw SafetensorsError(
        path: file.path, tensor: name, problem: "has shape \(entry.shape) where \(shape) is needed")
    }
    return entry
  }
}

/// Why a safetensors file was refused.
public struct SafetensorsError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// The tensor that the problem lies in, if it lies in one.
  public var tensor: String?
  /// What is wrong.
  public var problem: String

  /// Describes a problem.
  public init(path: String, tensor: String? = nil, problem: String) {
    self.path = path
    self.tensor = tensor
    self.problem = problem
  }

  /// One sentence naming file, tensor and problem.
  public var description: String {
    if let tensor { "\(path): the tensor \"\(tensor)\" \(problem)" } else { "\(path): \(problem)" }
  }
}
