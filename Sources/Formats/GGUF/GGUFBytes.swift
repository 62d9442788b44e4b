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
    if let number = value.asNumbers {
      add(number.kind.rawValue)
      add(elements: number)
    } else if case .string(let text) = value {
      add(GGUFValue.Kind.string.rawValue)
      add(text)
    } else {
      add(GGUFValue.Kind.array.rawValue)
      addList(value)
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
      add(list.kind.rawValue)
      add(UInt64(list.count))
      add(elements: list)
    case .lists(let lists):
      add(GGUFValue.Kind.array.rawValue)
      add(UInt64(lists.count))
      for list in lists { addList(list) }
    default: preconditionFailure("a list of lists holds lists only")
    }
  }

  private mutating func add(elements: GGUFNumbers) {
    switch elements {
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
  }
}

extension GGUFValue {
  /// A single number as a list of one; `nil` for what is none.
  fileprivate var asNumbers: GGUFNumbers? {
    switch self {
    case .uint8(let value): .uint8([value])
    case .int8(let value): .int8([value])
    case .uint16(let value): .uint16([value])
    case .int16(let value): .int16([value])
    case .uint32(let value): .uint32([value])
    case .int32(let value): .int32([value])
    case .float32(let value): .float32([value])
    case .bool(let value): .bool([value])
    case .uint64(let value): .uint64([value])
    case .int64(let value): .int64([value])
    case .float64(let value): .float64([value])
    case .string, .strings, .numbers, .lists: nil
    }
  }
}

extension GGUFNumbers {
  /// The number of the elements' type.
  fileprivate var kind: GGUFValue.Kind {
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
