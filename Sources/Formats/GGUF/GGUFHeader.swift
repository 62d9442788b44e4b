import OrderedCollections

/// The head of a GGUF file, read and checked: magic, version, metadata, and where each tensor lies.
struct GGUFHeader {
  var version: UInt32
  var metadata: OrderedDictionary<String, GGUFValue> = [:]
  var tensors: OrderedDictionary<String, GGUFFile.Tensor> = [:]
  var alignment = 32
  var dataStart = 0

  init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
    var cursor = GGUFCursor(bytes, path: path)
    version = try GGUFHeader.version(&cursor)
    let tensorCount = try cursor.number(UInt64.self, of: .file)
    let keyCount = try cursor.number(UInt64.self, of: .file)
    // A key takes at least 13 bytes (its length, type and a byte), a tensor 24 (length, dimensions, type, place).
    guard keyCount <= UInt64(cursor.left / 13), tensorCount <= UInt64(cursor.left / 24) else {
      throw cursor.error(
        .file, "claims \(keyCount) keys and \(tensorCount) tensors, more than \(bytes.count) bytes can hold")
    }
    for _ in 0..<keyCount {
      let key = try cursor.name(of: .file)
      guard metadata[key] == nil else { throw cursor.error(.key(key), "stands there a second time") }
      metadata[key] = try cursor.value(of: key)
    }
    try readAlignment(cursor)
    for _ in 0..<tensorCount {
      let name = try cursor.name(of: .file)
      guard tensors[name] == nil else { throw cursor.error(.tensor(name), "stands there a second time") }
      tensors[name] = try GGUFHeader.tensor(name, &cursor)
    }
    dataStart = (cursor.position + alignment - 1) / alignment * alignment
    try checkPlaces(fileSize: bytes.count, cursor)
  }

  private static func version(_ cursor: inout GGUFCursor) throws -> UInt32 {
    guard try cursor.number(UInt32.self, of: .file) == 0x4655_4747 else {
      throw cursor.error(.file, "does not begin with the letters GGUF; it is no GGUF file")
    }
    let version = try cursor.number(UInt32.self, of: .file)
    guard version == 2 || version == 3 else {
      let problem =
        version.byteSwapped == 2 || version.byteSwapped == 3
        ? "is a big-endian GGUF file; only little-endian ones are read"
        : "is of GGUF version \(version); versions 2 and 3 are read"
      throw cursor.error(.file, problem)
    }
    return version
  }

  private mutating func readAlignment(_ cursor: GGUFCursor) throws {
    let key = "general.alignment"
    guard let value = metadata[key] else { return }
    guard let number = value.intValue, number > 0, number <= 1 << 20, number & (number - 1) == 0 else {
      throw cursor.error(.key(key), "must be a power of two up to 1048576, and is not")
    }
    alignment = number
  }

  private static func tensor(_ name: String, _ cursor: inout GGUFCursor) throws -> GGUFFile.Tensor {
    let subject = GGUFError.Subject.tensor(name)
    let dimensions = try cursor.number(UInt32.self, of: subject)
    guard dimensions <= 4 else { throw cursor.error(subject, "has \(dimensions) dimensions; 4 is the most") }
    var shape: [Int] = []
    for _ in 0..<dimensions {
      let size = try cursor.number(UInt64.self, of: subject)
      guard let size = Int(exactly: size), size > 0 else {
        throw cursor.error(subject, "has a dimension of the impossible size \(size)")
      }
      shape.insert(size, at: 0)
    }
    let number = try cursor.number(UInt32.self, of: subject)
    guard let type = GGUFTensorType(rawValue: number) else {
      let known = GGUFTensorType.allCases.map(\.name).joined(separator: ", ")
      let given = GGUFTensorType.namesOfOthers[number] ?? "unknown"
      throw cursor.error(subject, "is of the type \(number) (\(given)); these are read: \(known)")
    }
    let offset = try cursor.number(UInt64.self, of: subject)
    guard let byteCount = type.byteCount(shape: shape) else {
      throw cursor.error(
        subject, "has the impossible shape \(shape) for \(type.name), whose rows are whole blocks of \(type.blockSize)")
    }
    guard let start = Int(exactly: offset), !start.addingReportingOverflow(byteCount).overflow else {
      throw cursor.error(subject, "begins at byte \(offset) of the data, beyond any file")
    }
    return GGUFFile.Tensor(name: name, type: type, shape: shape, range: start..<start + byteCount)
  }

  private func checkPlaces(fileSize: Int, _ cursor: GGUFCursor) throws {
    let dataCount = max(0, fileSize - dataStart)
    var end = 0
    for tensor in tensors.values.sorted(by: {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }) {
      let start = tensor.range.lowerBound
      guard start % alignment == 0 else {
        throw cursor.error(
          .tensor(tensor.name), "begins at byte \(start) of the data, which is no multiple of the alignment \(alignment)")
      }
      guard start >= end else {
        throw cursor.error(
          .tensor(tensor.name), "begins at byte \(start) of the data, inside another tensor that ends at \(end)")
      }
      end = tensor.range.upperBound
      guard end <= dataCount else {
        throw cursor.error(
          .tensor(tensor.name), "ends at byte \(end) of the data, but the file holds \(dataCount): it is cut short")
      }
    }
  }
}
