/// Reads the parts of a GGUF file's head one after another; every count is checked against the bytes that are left
/// before anything is allocated.
struct GGUFCursor {
  let path: String
  private let bytes: UnsafeRawBufferPointer
  private(set) var position = 0

  /// Lists of lists of lists: more than any file has.
  private static let deepest = 4

  init(_ bytes: UnsafeRawBufferPointer, path: String) {
    self.bytes = bytes
    self.path = path
  }

  var left: Int { bytes.count - position }

  func error(_ subject: GGUFError.Subject = .file, _ problem: String) -> GGUFError {
    GGUFError(path: path, subject, problem: problem)
  }

  mutating func number<Value: BitwiseCopyable>(_ type: Value.Type, of subject: GGUFError.Subject) throws -> Value {
    let size = MemoryLayout<Value>.size
    guard size <= left else { throw cutShort(size, subject) }
    defer { position += size }
    return bytes.loadUnaligned(fromByteOffset: position, as: Value.self)
  }

  /// A count of things that take at least `width` bytes each.
  mutating func count(width: Int, of subject: GGUFError.Subject, what: String) throws -> Int {
    let count = try number(UInt64.self, of: subject)
    guard count <= UInt64(left / width) else {
      throw error(subject, "claims \(count) \(what), but only \(left) bytes of the file are left")
    }
    return Int(count)
  }

  mutating func stringBytes(of subject: GGUFError.Subject) throws -> UnsafeRawBufferPointer {
    let count = try count(width: 1, of: subject, what: "bytes")
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  /// A name, which must be UTF-8 without a zero byte.
  mutating func name(of subject: GGUFError.Subject) throws -> String {
    let text = try stringBytes(of: subject)
    guard UTF8Validation.firstInvalidByte(in: text.bindMemory(to: UInt8.self)) == nil, !text.contains(0) else {
      throw error(subject, "has a name that is not UTF-8 text")
    }
    return String(decoding: text, as: UTF8.self)
  }

  mutating func value(of key: String) throws -> GGUFValue {
    try value(kind: try kind(of: key), of: key, depth: 0)
  }

  private mutating func kind(of key: String) throws -> GGUFValue.Kind {
    let number = try number(UInt32.self, of: .key(key))
    guard let kind = GGUFValue.Kind(rawValue: number) else {
      throw error(.key(key), "has a value of the unknown type \(number); the types are 0 to 12")
    }
    return kind
  }

  private mutating func value(kind: GGUFValue.Kind, of key: String, depth: Int) throws -> GGUFValue {
    let subject = GGUFError.Subject.key(key)
    switch kind {
    case .uint8: return .uint8(try number(UInt8.self, of: subject))
    case .int8: return .int8(try number(Int8.self, of: subject))
    case .uint16: return .uint16(try number(UInt16.self, of: subject))
    case .int16: return .int16(try number(Int16.self, of: subject))
    case .uint32: return .uint32(try number(UInt32.self, of: subject))
    case .int32: return .int32(try number(Int32.self, of: subject))
    case .float32: return .float32(try number(Float.self, of: subject))
    case .uint64: return .uint64(try number(UInt64.self, of: subject))
    case .int64: return .int64(try number(Int64.self, of: subject))
    case .float64: return .float64(try number(Double.self, of: subject))
    case .string: return .string(String(decoding: try stringBytes(of: subject), as: UTF8.self))
    case .bool:
      let byte = try number(UInt8.self, of: subject)
      guard byte <= 1 else { throw error(subject, "has the truth value \(byte); only 0 and 1 are one") }
      return .bool(byte == 1)
    case .array: return try list(of: key, depth: depth + 1)
    }
  }

  private mutating func list(of key: String, depth: Int) throws -> GGUFValue {
    let subject = GGUFError.Subject.key(key)
    guard depth <= GGUFCursor.deepest else {
      throw error(subject, "has lists inside lists deeper than \(GGUFCursor.deepest)")
    }
    switch try kind(of: key) {
    case .string:
      let count = try count(width: 8, of: subject, what: "strings")
      var list = GGUFStrings()
      list.reserve(count: count)
      for _ in 0..<count { list.append(try stringBytes(of: subject)) }
      return .strings(list)
    case .array:
      let count = try count(width: 12, of: subject, what: "lists")
      return .lists(try (0..<count).map { _ in try self.list(of: key, depth: depth + 1) })
    case .bool:
      guard case let bytes = try numbers(UInt8.self, of: subject), bytes.allSatisfy({ $0 <= 1 }) else {
        throw error(subject, "has truth values other than 0 and 1")
      }
      return .numbers(.bool(bytes.map { $0 == 1 }))
    case .uint8: return .numbers(.uint8(try numbers(UInt8.self, of: subject)))
    case .int8: return .numbers(.int8(try numbers(Int8.self, of: subject)))
    case .uint16: return .numbers(.uint16(try numbers(UInt16.self, of: subject)))
    case .int16: return .numbers(.int16(try numbers(Int16.self, of: subject)))
    case .uint32: return .numbers(.uint32(try numbers(UInt32.self, of: subject)))
    case .int32: return .numbers(.int32(try numbers(Int32.self, of: subject)))
    case .float32: return .numbers(.float32(try numbers(Float.self, of: subject)))
    case .uint64: return .numbers(.uint64(try numbers(UInt64.self, of: subject)))
    case .int64: return .numbers(.int64(try numbers(Int64.self, of: subject)))
    case .float64: return .numbers(.float64(try numbers(Double.self, of: subject)))
    }
  }

  private mutating func numbers<Value: BitwiseCopyable>(
    _ type: Value.Type, of subject: GGUFError.Subject
  ) throws -> [Value] {
    let width = MemoryLayout<Value>.size
    let count = try count(width: width, of: subject, what: "numbers")
    let source = UnsafeRawBufferPointer(rebasing: bytes[position..<position + count * width])
    position += count * width
    return [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
      initialized = count
    }
  }

  private func cutShort(_ wanted: Int, _ subject: GGUFError.Subject) -> GGUFError {
    error(subject, "needs \(wanted) bytes at byte \(position), but the file has \(bytes.count): it is cut short")
  }
}
