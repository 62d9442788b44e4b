import Formats
public import Tensors

/// A digest that changes when a model's files do.
public enum ModelFingerprint {
  /// Files that say what a model computes; all others in its folder do not matter.
  private static let endings = [".safetensors", ".gguf", ".json", ".model", ".jinja", ".txt"]
  /// Bytes read at a place of a large file, and how many places.
  private static let piece = 1 << 16
  private static let pieces = 64

  /// The fingerprint of a model's folder or file, as it computes in a type.
  ///
  /// Small files count whole. Of a large one count its size and 64 places: training changes all of them.
  /// - Throws: `FileError` where one cannot be read.
  public static func of(path: String, compute: DType) throws -> String {
    var digest = SHA256Digest()
    digest.update(Array("\(compute.rawValue)\n".utf8))
    let isFolder = Paths.isFolder(path)
    let names = isFolder ? try Paths.names(inFolder: path) : [path.lastPathPart]
    for name in names where !isFolder || endings.contains(where: name.hasSuffix) {
      let file = try MappedFile(isFolder ? path.appendingPath(name) : path)
      digest.update(Array("\(name) \(file.bytes.count)\n".utf8))
      withExtendedLifetime(file) {
        let bytes = file.bytes
        if bytes.count <= piece * pieces {
          digest.update(bytes)
          return
        }
        for i in 0..<pieces {
          let start = (bytes.count - piece) / (pieces - 1) * i
          digest.update(UnsafeRawBufferPointer(rebasing: bytes[start..<start + piece]))
        }
      }
    }
    return digest.hex()
  }
}
