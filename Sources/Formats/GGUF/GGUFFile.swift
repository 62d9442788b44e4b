public import OrderedCollections

/// A GGUF file, mapped and fully checked: metadata by key, then tensors, whole or in quantised blocks. Versions 2 and
/// 3, little-endian. Format: ggml, `docs/gguf.md`.
public struct GGUFFile: Sendable {
  /// One tensor in a file.
  public struct Tensor: Sendable, Equatable {
    /// Name of the tensor, as in "blk.0.attn_q.weight".
    public let name: String
    /// How its values are stored.
    public let type: GGUFTensorType
    /// Sizes of its dimensions, outermost first (the file has them the other way round); none is 0.
    public let shape: [Int]
    /// Where its bytes lie in the data section.
    public let range: Range<Int>

    /// Number of values.
    public var count: Int { shape.reduce(1, *) }
  }

  /// The file that holds the tensors.
  public let file: MappedFile
  /// The format's version.
  public let version: Int
  /// The values by key, in the order of the file.
  public let metadata: OrderedDictionary<String, GGUFValue>
  /// The tensors by name, in the order of the file.
  public let tensors: OrderedDictionary<String, Tensor>
  /// Tensors begin at multiples of so many bytes.
  public let alignment: Int
  private let dataStart: Int

  /// Maps a file and checks all of its head.
  /// - Throws: `FileError` when it cannot be read, `GGUFError` when it is damaged or holds a type that is not read.
  public init(_ path: String) throws {
    let file = try MappedFile(path)
    let header = try withExtendedLifetime(file) { try GGUFHeader(file.bytes, path: path) }
    self.file = file
    version = Int(header.version)
    metadata = header.metadata
    tensors = header.tensors
    alignment = header.alignment
    dataStart = header.dataStart
  }

  /// The file's path.
  public var path: String { file.path }

  /// The bytes of a tensor of this file, valid as long as `file` lives.
  public func bytes(of tensor: Tensor) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: file.bytes[dataStart + tensor.range.lowerBound..<dataStart + tensor.range.upperBound])
  }
}
