/// A value of a GGUF file's metadata.
public enum GGUFValue: Sendable, Equatable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case float32(Float)
  case bool(Bool)
  case string(String)
  case uint64(UInt64)
  case int64(Int64)
  case float64(Double)
  /// A list of strings.
  case strings(GGUFStrings)
  /// A list of numbers or truth values.
  case numbers(GGUFNumbers)
  /// A list of lists.
  case lists([GGUFValue])

  /// The types by their numbers in a file.
  enum Kind: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64
  }

  /// The type, in words.
  public var kind: String {
    switch self {
    case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: "a whole number"
    case .float32, .float64: "a number"
    case .bool: "true or false"
    case .string: "a string"
    case .strings: "a list of strings"
    case .numbers: "a list of numbers"
    case .lists: "a list of lists"
    }
  }

  /// A whole number of any width.
  public var intValue: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// Any number.
  public var doubleValue: Double? {
    switch self {
    case .float32(let value): Double(value)
    case .float64(let value): value
    default: intValue.map(Double.init)
    }
  }

  /// True or false.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// A string.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// A list of strings; an empty list of any type is one.
  public var stringsValue: GGUFStrings? {
    switch self {
    case .strings(let list): list
    case .numbers(let list) where list.count == 0: GGUFStrings()
    default: nil
    }
  }

  /// A list of whole numbers or truth values.
  public var intsValue: [Int]? {
    if case .numbers(let list) = self { list.ints } else { nil }
  }

  /// A list of numbers.
  public var floatsValue: [Float]? {
    if case .numbers(let list) = self { list.floats } else { nil }
  }
}
