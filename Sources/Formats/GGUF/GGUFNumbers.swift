/// A list of numbers as a GGUF file holds it, in the type that it has there.
public enum GGUFNumbers: Sendable, Equatable {
  case uint8([UInt8])
  case int8([Int8])
  case uint16([UInt16])
  case int16([Int16])
  case uint32([UInt32])
  case int32([Int32])
  case float32([Float])
  case bool([Bool])
  case uint64([UInt64])
  case int64([Int64])
  case float64([Double])

  /// Number of elements.
  public var count: Int {
    switch self {
    case .uint8(let list): list.count
    case .int8(let list): list.count
    case .uint16(let list): list.count
    case .int16(let list): list.count
    case .uint32(let list): list.count
    case .int32(let list): list.count
    case .float32(let list): list.count
    case .bool(let list): list.count
    case .uint64(let list): list.count
    case .int64(let list): list.count
    case .float64(let list): list.count
    }
  }

  /// The elements as whole numbers; `nil` for fractions and for what does not fit. Truth values are 0 and 1.
  public var ints: [Int]? {
    switch self {
    case .uint8(let list): return list.map(Int.init)
    case .int8(let list): return list.map(Int.init)
    case .uint16(let list): return list.map(Int.init)
    case .int16(let list): return list.map(Int.init)
    case .uint32(let list): return list.map(Int.init)
    case .int32(let list): return list.map(Int.init)
    case .bool(let list): return list.map { $0 ? 1 : 0 }
    case .int64(let list): return list.map(Int.init)
    case .uint64(let list):
      let fitting = list.compactMap(Int.init(exactly:))
      return fitting.count == list.count ? fitting : nil
    case .float32, .float64: return nil
    }
  }

  /// The elements as floats, rounded where they are wider.
  public var floats: [Float]? {
    switch self {
    case .float32(let list): list
    case .float64(let list): list.map(Float.init)
    default: ints?.map(Float.init)
    }
  }
}
