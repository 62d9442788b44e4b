/// Metadata as the bytes of a GGUF file.
struct GGUFBytes {
  var bytes: [UInt8] = []

  mutating func add(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A value behind the number of its type.
  mutating func add(_ value: GGUFValue) {
    add(value.number.rawValue)
    switch value {
    case .uint8(let value): add(value)
    case .int8(let value): add(value)
    case .uint16(let value): add(value)
    case .int16(let value): add(value)
    case .uint32(let value): add(value)
    case .int32(let value): add(value)
    case .uint64(let value): add(value)
    case .int64(let value): add(value)
    case .float32(let value): add(value.bitPattern)
    case .float64(let value): add(value.bitPattern)
    case .bool(let value): add(UInt8(value ? 1 : 0))
    case .string(let text): add(text)
    case .strings, .numbers, .lists: addList(value)
    }
  }

  /// A list: the number of its elements' type, their count, and they.
  private mutating func addList(_ value: GGUFValue) {
    switch value {
    case .strings(let list):
      add(GGUFValue.Kind.string.rawValue)
      add(UInt64(list.count))
      bytes.reserveCapacity(bytes.count + list.byteCount + 8 * list.count)
      for i in list.indices {
        list.withBytes(of: i) {
          add(UInt64($0.count))
          bytes.append(contentsOf: $0)
        }
      }
    case .numbers(let list):
      add(list.number.rawValue)
      add(UInt64(list.count))
      switch list {
      case .uint8(let list): bytes += list
      case .int8(let list): for number in list { add(number) }
      case .uint16(let list): for number in list { add(number) }
      case .int16(let list): for number in list { add(number) }
      case .uint32(let list): for number in list { add(number) }
      case .int32(let list): for number in list { add(number) }
      case .uint64(let list): for number in list { add(number) }
      case .int64(let list): for number in list { add(number) }
      case .float32(let list): for number in list { add(number.bitPattern) }
      case .float64(let list): for number in list { add(number.bitPattern) }
      case .bool(let list): bytes += list.map { $0 ? 1 : 0 }
      }
    case .lists(let lists):
      add(GGUFValue.Kind.array.rawValue)
      add(UInt64(lists.count))
      for list in lists { addList(list) }
    default: preconditionFailure("a list of lists holds lists only")
    }
  }
}

extension GGUFValue {
  /// The number of the value's type.
  fileprivate var number: Kind {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    case .strings, .numbers, .lists: .array
    }
  }
}

extension GGUFNumbers {
  /// The number of the elements' type.
  fileprivate var number: GGUFValue.Kind {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }
}
