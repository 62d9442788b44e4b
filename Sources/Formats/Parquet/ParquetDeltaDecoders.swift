/// DELTA_BINARY_PACKED: a first number, then blocks of differences, each of its own width.
///
/// Source: apache/parquet-format, Encodings.md, "Delta Encoding".
struct DeltaIntegers {
  private let bytes: UnsafeRawBufferPointer
  private(set) var index = 0
  private let miniblocks: Int
  private let valuesInMiniblock: Int
  /// Numbers not yet given.
  private(set) var left: Int
  private var isFirst = true
  private var value: Int64
  private var smallest: Int64 = 0
  private var widths = 0
  private var miniblock: Int
  private var leftInMiniblock = 0
  private var width = 0
  private var bit = 0

  init(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes = bytes
    guard let block = Varint.read(bytes, &index), let miniblocks = Varint.read(bytes, &index),
      let count = Varint.read(bytes, &index), let first = Varint.read(bytes, &index)
    else { throw ParquetDamage("has delta values that are cut short") }
    guard block <= 1 << 30, miniblocks > 0, miniblocks <= block, block % (8 * miniblocks) == 0, count <= 1 << 31 else {
      throw ParquetDamage("has delta values in impossible blocks: \(block) values in \(miniblocks) parts")
    }
    self.miniblocks = Int(miniblocks)
    valuesInMiniblock = Int(block / miniblocks)
    left = Int(count)
    value = Varint.zigzag(first)
    miniblock = self.miniblocks
  }

  mutating func next() throws -> Int64 {
    guard left > 0 else { throw ParquetDamage.tooFewValues }
    left -= 1
    if isFirst {
      isFirst = false
      return value
    }
    if leftInMiniblock == 0 { try startMiniblock() }
    leftInMiniblock -= 1
    guard let difference = BitPacked.value(bytes, bit: bit, width: width) else { throw ParquetDamage.tooFewValues }
    bit += width
    value = value &+ smallest &+ Int64(bitPattern: difference)
    return value
  }

  /// Steps over all numbers that are left and tells where their bytes end.
  func end() throws -> Int {
    var copy = self
    if copy.isFirst, copy.left > 0 { copy.left -= 1 }
    copy.left -= min(copy.left, copy.leftInMiniblock)
    while copy.left > 0 {
      try copy.startMiniblock()
      copy.left -= min(copy.left, copy.valuesInMiniblock)
    }
    return copy.index
  }

  private mutating func startMiniblock() throws {
    if miniblock == miniblocks {
      guard let least = Varint.read(bytes, &index), miniblocks <= bytes.count - index else {
        throw ParquetDamage.tooFewValues
      }
      smallest = Varint.zigzag(least)
      widths = index
      index += miniblocks
      miniblock = 0
    }
    width = Int(bytes[widths + miniblock])
    guard width <= 64 else { throw ParquetDamage("has delta values of \(width) bits; 64 is the most") }
    miniblock += 1
    leftInMiniblock = valuesInMiniblock
    bit = index * 8
    index = min(bytes.count, index + valuesInMiniblock * width / 8)
  }
}

/// DELTA_BINARY_PACKED columns.
struct ParquetDeltaDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private let conversion: ParquetConversion
  private var numbers: DeltaIntegers

  init(_ page: ParquetMemory.Slice, _ conversion: ParquetConversion) throws {
    guard conversion.type == .int32 || conversion.type == .int64 else {
      throw ParquetDamage("is written as differences of whole numbers, which its values are not")
    }
    memory = page.memory
    self.conversion = conversion
    numbers = try DeltaIntegers(page.bytes)
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    for _ in 0..<count { values.append(conversion.integer(try numbers.next())) }
  }
}

/// DELTA_LENGTH_BYTE_ARRAY: all lengths as differences, then all bytes.
struct ParquetDeltaLengthDecoder: ParquetDecoder {
  private let memory: ParquetMemory
  private let conversion: ParquetConversion
  private let bytes: UnsafeRawBufferPointer
  private var lengths: DeltaIntegers
  private var index: Int

  init(_ page: ParquetMemory.Slice, _ conversion: ParquetConversion) throws {
    guard conversion.type == .bytes else {
      throw ParquetDamage("is written as lengths and bytes, which its values do not have")
    }
    memory = page.memory
    self.conversion = conversion
    bytes = page.bytes
    lengths = try DeltaIntegers(page.bytes)
    index = try lengths.end()
  }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    for _ in 0..<count { values.append(try conversion.bytes(try next())) }
  }

  mutating func next() throws -> UnsafeRawBufferPointer {
    let length = try lengths.next()
    guard length >= 0, length <= bytes.count - index else {
      throw ParquetDamage("has a value of \(length) bytes where \(bytes.count - index) are left")
    }
    index += Int(length)
    return UnsafeRawBufferPointer(rebasing: bytes[index - Int(length)..<index])
  }
}

/// DELTA_BYTE_ARRAY: how many bytes each value shares with the one before, then what follows them.
struct ParquetDeltaBytesDecoder: ParquetDecoder {
  /// A page may not become more than this: a few bytes can claim to repeat a long value for ever.
  private static let byteLimit = 1 << 28

  private let conversion: ParquetConversion
  private var shared: DeltaIntegers
  private var suffixes: ParquetDeltaLengthDecoder
  private var value: [UInt8] = []
  private var total = 0

  init(_ page: ParquetMemory.Slice, _ conversion: ParquetConversion) throws {
    var plain = conversion
    if case .fixed = conversion.type { plain = ParquetConversion(type: .bytes, meaning: .bytes) }
    self.conversion = conversion
    shared = try DeltaIntegers(page.bytes)
    let rest = UnsafeRawBufferPointer(rebasing: page.bytes[try shared.end()...])
    suffixes = try ParquetDeltaLengthDecoder(ParquetMemory.Slice(memory: page.memory, bytes: rest), plain)
  }

  var stride: Int { 16 }

  mutating func decode(_ count: Int, into values: inout [JSON]) throws {
    for _ in 0..<count {
      let kept = try shared.next()
      guard kept >= 0, kept <= value.count else {
        throw ParquetDamage("has a value that shares \(kept) bytes with one of \(value.count)")
      }
      value.removeSubrange(Int(kept)...)
      value.append(contentsOf: try suffixes.next())
      total += value.count
      guard total <= Self.byteLimit else {
        throw ParquetDamage("has a page that becomes more than \(Self.byteLimit) bytes")
      }
      if case .fixed(let length) = conversion.type, length != value.count {
        throw ParquetDamage("has a value of \(value.count) bytes where \(length) are needed")
      }
      values.append(try value.withUnsafeBytes { try conversion.bytes($0) })
    }
  }
}
