/// Turns the bytes of a column's values into JSON.
struct ParquetConversion {
  let type: ParquetType
  let meaning: ParquetMeaning

  /// A value of the type's width, which must be readable at `place`.
  @inline(__always)
  func fixed(_ place: UnsafeRawPointer) throws -> JSON {
    switch type {
    case .int32: return integer(Int64(Int32(littleEndian: place.loadUnaligned(as: Int32.self))))
    case .int64: return integer(Int64(littleEndian: place.loadUnaligned(as: Int64.self)))
    case .float:
      return .number(Double(Float(bitPattern: UInt32(littleEndian: place.loadUnaligned(as: UInt32.self)))))
    case .double: return .number(Double(bitPattern: UInt64(littleEndian: place.loadUnaligned(as: UInt64.self))))
    case .int96: return timestamp(place)
    case .fixed(let length): return try bytes(UnsafeRawBufferPointer(start: place, count: length))
    case .boolean, .bytes: throw ParquetDamage("has values of no fixed width where such are needed")
    }
  }

  /// A whole number; of 32 bits, what lies above them does not count.
  @inline(__always)
  func integer(_ value: Int64) -> JSON {
    switch meaning {
    case .uint32: .integer(Int64(UInt32(truncatingIfNeeded: value)))
    case .uint64: value < 0 ? .number(Double(UInt64(bitPattern: value))) : .integer(value)
    default: .integer(type == .int32 ? Int64(Int32(truncatingIfNeeded: value)) : value)
    }
  }

  /// A value of some bytes.
  func bytes(_ bytes: UnsafeRawBufferPointer) throws -> JSON {
    switch meaning {
    case .decimal: return decimal(bytes)
    case .uuid: return .string(uuid(bytes))
    case .float16:
      return .number(Double(halfPrecision(UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self)))))
    case .string:
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ParquetDamage("holds a string that is not UTF-8")
      }
      return .string(text)
    default:
      if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
      return .array(bytes.map { .integer(Int64($0)) })
    }
  }

  /// A big-endian two's complement number of any length; one beyond 64 bits is rounded.
  private func decimal(_ bytes: UnsafeRawBufferPointer) -> JSON {
    let isNegative = (bytes.first ?? 0) >= 0x80
    let padding: UInt8 = isNegative ? 0xFF : 0
    let digits = bytes.drop { $0 == padding }
    if digits.count < 8 || digits.count == 8 && (digits.first! >= 0x80) == isNegative {
      return .integer(digits.reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) })
    }
    return .number(isNegative ? -rounded(digits.map { ~$0 }, plus: 1) : rounded(Array(digits), plus: 0))
  }

  /// The `Double` nearest to a big-endian number of more than 64 bits.
  private func rounded(_ digits: [UInt8], plus one: UInt64) -> Double {
    // All but the first eight bytes only tell in which direction to round, and whether the sum carries into these.
    var top = digits.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let rest = digits.dropFirst(8)
    let carries = one == 1 && rest.allSatisfy { $0 == 0xFF }
    if carries, top == .max { return Double(sign: .plus, exponent: 64 + 8 * rest.count, significand: 1) }
    if carries { top += 1 }
    let isExact = carries || one == 0 && rest.allSatisfy { $0 == 0 }
    return Double(isExact ? top : top | 1) * Double(sign: .plus, exponent: 8 * rest.count, significand: 1)
  }

  /// Nanoseconds since 1970: eight bytes of nanoseconds of the day, four of the Julian day.
  private func timestamp(_ place: UnsafeRawPointer) -> JSON {
    let time = Int64(littleEndian: place.loadUnaligned(as: Int64.self))
    let day = Int64(UInt32(littleEndian: (place + 8).loadUnaligned(as: UInt32.self))) - 2_440_588
    let (start, overflowed) = day.multipliedReportingOverflow(by: 86_400_000_000_000)
    let (value, overflowedToo) = start.addingReportingOverflow(time)
    if !overflowed, !overflowedToo { return .integer(value) }
    return .number(Double(day) * 86_400_000_000_000 + Double(time))
  }

  private func uuid(_ bytes: UnsafeRawBufferPointer) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for (place, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(place) { text.append(0x2D) }
      text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// IEEE 754 binary16, which Swift's `Float16` is not on every platform.
  private func halfPrecision(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1024 + fraction) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
    }
  }
}
