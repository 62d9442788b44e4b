/// Decodes the values of one page, which it must keep alive itself.
protocol ParquetDecoder {
  /// How many values may be decoded in one go, so that a small page cannot become much memory at once.
  var stride: Int { get }
  /// Appends the next `count` values.
  /// - Throws: `ParquetDamage` when there are fewer or their bytes lie.
  mutating func decode(_ count: Int, into values: inout [JSON]) throws
}

extension ParquetDecoder {
  var stride: Int { 1024 }
}

/// PLAIN: values one after the other; bytes with their length before them; booleans as bits.
struct ParquetPlainDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private let conversion: ParquetConversion
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ page: ParquetMemory.Slice, _ conversion: ParquetConversion) {
    memory = page.memory
    bytes = page.bytes
    self.conversion = conversion
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    if conversion.type == .boolean {
      guard count <= bytes.count * 8 - index else { throw ParquetDamage.tooFewValues }
      for place in index..<index + count { values.append(.bool(bytes[place >> 3] >> UInt8(place & 7) & 1 == 1)) }
      index += count
    } else if let width = conversion.type.width {
      guard count > 0, let base = bytes.baseAddress, count <= (bytes.count - index) / width else {
        if count == 0 { return }
        throw ParquetDamage.tooFewValues
      }
      for _ in 0..<count {
        values.append(try conversion.fixed(base + index))
        index += width
      }
    } else {
      for _ in 0..<count {
        guard let value = ParquetPlainDecoder.takeBytes(bytes, &index) else { throw ParquetDamage.tooFewValues }
        values.append(try conversion.bytes(value))
      }
    }
  }

  @inline(__always)
  private static func takeBytes(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) -> UnsafeRawBufferPointer? {
    guard bytes.count - index >= 4 else { return nil }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
    index += 4
    guard length <= bytes.count - index else { return nil }
    index += length
    return UnsafeRawBufferPointer(rebasing: bytes[index - length..<index])
  }
}

/// RLE of booleans: their bytes' length, then runs.
struct ParquetBooleanDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private var runs: RunLengthReader

  init(_ page: ParquetMemory.Slice) throws {
    memory = page.memory
    var rest = page.bytes
    runs = RunLengthReader(try rest.takeSized(), width: 1)
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    try runs.read(count) { value, times in values.append(contentsOf: repeatElement(.bool(value == 1), count: times)) }
  }
}

/// RLE_DICTIONARY: the bits of a place in the dictionary, then runs of places.
struct ParquetDictionaryDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private let dictionary: [JSON]
  private var runs: RunLengthReader

  init(_ page: ParquetMemory.Slice, _ dictionary: [JSON]) throws {
    memory = page.memory
    self.dictionary = dictionary
    // A page of nothing but nulls may have no bytes at all.
    let width = Int(page.bytes.first ?? 0)
    guard width <= 32 else { throw ParquetDamage("has places of \(width) bits in its dictionary; 32 is the most") }
    runs = RunLengthReader(UnsafeRawBufferPointer(rebasing: page.bytes.dropFirst()), width: width)
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    let dictionary = dictionary
    try runs.read(count) { place, times in
      guard Int(place) < dictionary.count else {
        throw ParquetDamage("names the value \(place) of a dictionary of \(dictionary.count)")
      }
      if times == 1 {
        values.append(dictionary[Int(place)])
      } else {
        values.append(contentsOf: repeatElement(dictionary[Int(place)], count: times))
      }
    }
  }
}

/// BYTE_STREAM_SPLIT: the first bytes of all values, then the second bytes, and so on.
struct ParquetSplitDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private let conversion: ParquetConversion
  private let bytes: UnsafeRawBufferPointer
  private let width: Int
  private let count: Int
  private var index = 0

  init(_ page: ParquetMemory.Slice, _ conversion: ParquetConversion) throws {
    guard let width = conversion.type.width else {
      throw ParquetDamage("is written as split streams of bytes, which its type cannot be")
    }
    memory = page.memory
    bytes = page.bytes
    self.conversion = conversion
    self.width = width
    count = page.bytes.count / width
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    guard count <= self.count - index else { throw ParquetDamage.tooFewValues }
    try withUnsafeTemporaryAllocation(byteCount: width, alignment: 8) { value in
      for place in index..<index + count {
        for k in 0..<width { value[k] = bytes[k * self.count + place] }
        if let base = value.baseAddress { values.append(try conversion.fixed(base)) }
      }
    }
    index += count
  }
}

extension ParquetDamage {
  static var tooFewValues: ParquetDamage { ParquetDamage("has a page with fewer values than it claims") }
}

extension UnsafeRawBufferPointer {
  /// Takes the bytes whose count stands before them in four bytes.
  mutating func takeSized() throws -> UnsafeRawBufferPointer {
    guard count >= 4 else { throw ParquetDamage("has a page that is cut short") }
    let length = Int(UInt32(littleEndian: loadUnaligned(as: UInt32.self)))
    self = UnsafeRawBufferPointer(rebasing: self[4...])
    return try take(length)
  }

  /// Takes the first bytes.
  mutating func take(_ length: Int) throws -> UnsafeRawBufferPointer {
    guard length <= count else { throw ParquetDamage("has a page that is cut short") }
    let taken = UnsafeRawBufferPointer(rebasing: self[..<length])
    self = UnsafeRawBufferPointer(rebasing: self[length...])
    return taken
  }
}
