public import OrderedCollections

/// A GGUF file, mapped and fully checked: metadata by key, then tensors, whole or in quantised blocks. Versions 2 and
/// 3, little-endian, also split into several files. Format: ggml, `docs/gguf.md`.
public struct GGUFFile: Sendable {
  /// One tensor in a file.
  public struct Tensor: Sendable, Equatable {
    /// Name of the tensor, as in "blk.0.attn_q.weight".
    public let name: String
    /// How its values are stored.
    public let type: GGUFTensorType
    /// Sizes of its dimensions, outermost first (the file has them the other way round); none is 0.
    public let shape: [Int]
    /// Where its bytes lie in the data section of its file.
    public let range: Range<Int>
    /// The file that holds it, from 0.
    public internal(set) var part = 0

    /// Number of values.
    public var count: Int { shape.reduce(1, *) }
  }

  /// The files: more than one where the model is split.
  public let files: [MappedFile]
  /// The format's version.
  public let version: Int
  /// The values by key, in the order of the file.
  public let metadata: OrderedDictionary<String, GGUFValue>
  /// The tensors by name, in the order of the file.
  public let tensors: OrderedDictionary<String, Tensor>
  /// Tensors begin at multiples of so many bytes.
  public let alignment: Int
  private let dataStarts: [Int]

  /// Maps a file, or the files of a split model whose first it is, and checks all of their heads.
  /// - Throws: `FileError` when one cannot be read, `GGUFError` when it is damaged or holds a type that is not read.
  public init(_ path: String) throws {
    let (file, header) = try GGUFFile.open(path)
    version = Int(header.version)
    metadata = header.metadata
    alignment = header.alignment
    var (files, dataStarts, tensors) = ([file], [header.dataStart], header.tensors)
    if let split = try GGUFSplit(first: header, path: path) {
      for (part, path) in split.paths.enumerated().dropFirst() {
        let (file, header) = try GGUFFile.open(path)
        try split.check(header, part: part)
        for (name, tensor) in header.tensors {
          guard tensors[name] == nil else {
            throw GGUFError(path: path, .tensor(name), problem: "stands in a file before this one too")
          }
          tensors[name] = tensor
          tensors[name]?.part = part
        }
        files.append(file)
        dataStarts.append(header.dataStart)
      }
    }
    (self.files, self.dataStarts, self.tensors) = (files, dataStarts, tensors)
  }

  private static func open(_ path: String) throws -> (MappedFile, GGUFHeader) {
    let file = try MappedFile(path)
    return (file, try withExtendedLifetime(file) { try GGUFHeader(file.bytes, path: path) })
  }

  /// The path of the first file.
  public var path: String { files[0].path }

  /// The bytes of a tensor, valid as long as the file that holds it, of ``files``, lives.
  public func bytes(of tensor: Tensor) -> UnsafeRawBufferPointer {
    let start = dataStarts[tensor.part]
    return UnsafeRawBufferPointer(
      rebasing: files[tensor.part].bytes[start + tensor.range.lowerBound..<start + tensor.range.upperBound])
  }
}
