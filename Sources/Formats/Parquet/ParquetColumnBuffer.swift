/// The values of one column of the row group that is being written, and their levels.
struct ParquetColumnBuffer {
  let kind: ParquetSchema.Kind
  /// Names of the parts above it in the schema and its own.
  let path: [String]
  let definition: Int
  let repetition: Int
  private(set) var definitions: [UInt8] = []
  private(set) var repetitions: [UInt8] = []
  /// Values in the encoding PLAIN; booleans take a byte each.
  private var bytes: [UInt8] = []
  /// Where each string ends in `bytes`.
  private var ends: [Int] = []

  init(kind: ParquetSchema.Kind, path: [String], definition: Int, repetition: Int) {
    self.kind = kind
    self.path = path
    self.definition = definition
    self.repetition = repetition
  }

  /// Bytes that the values take.
  var byteCount: Int { bytes.count + definitions.count + repetitions.count }

  mutating func appendLevels(_ definition: Int, _ repetition: Int) {
    definitions.append(UInt8(definition))
    if self.repetition > 0 { repetitions.append(UInt8(repetition)) }
  }

  /// Appends a value; `false` when it is of another type.
  mutating func append(_ value: JSON, repetition: Int) -> Bool {
    switch (kind, value) {
    case (.boolean, .bool(let value)): bytes.append(value ? 1 : 0)
    case (.int64, .integer(let value)): append(UInt64(bitPattern: value))
    case (.double, .integer(let value)): append(Double(value).bitPattern)
    case (.double, .number(let value)): append(value.bitPattern)
    case (.string, .string(var value)):
      value.withUTF8 { text in
        withUnsafeBytes(of: UInt32(text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text)
      }
      ends.append(bytes.count)
    default: return false
    }
    appendLevels(definition, repetition)
    return true
  }

  private mutating func append(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func removeAll() {
    definitions.removeAll(keepingCapacity: true)
    repetitions.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// The bytes of a range of values, in the encoding PLAIN.
  func plain(_ values: Range<Int>) -> [UInt8] {
    switch kind.type {
    case .boolean:
      var packed = [UInt8](repeating: 0, count: (values.count + 7) / 8)
      for (place, value) in values.enumerated() { packed[place >> 3] |= bytes[value] << UInt8(place & 7) }
      return packed
    case .bytes: return Array(bytes[start(values.lowerBound)..<start(values.upperBound)])
    default: return Array(bytes[8 * values.lowerBound..<8 * values.upperBound])
    }
  }

  private func start(_ value: Int) -> Int { value == 0 ? 0 : ends[value - 1] }

  /// Bytes that a value takes in a page, about.
  func size(_ value: Int) -> Int { kind == .string ? start(value + 1) - start(value) : 8 }

  /// The different strings in the encoding PLAIN and the place of each value among them; `nil` where these would take
  /// more bytes than the values themselves, or the strings more than readers like to hold.
  func dictionary() -> (bytes: [UInt8], count: Int, places: [UInt32])? {
    guard kind == .string, ends.count > 1 else { return nil }
    var dictionary: [UInt8] = []
    var places: [UInt32] = []
    places.reserveCapacity(ends.count)
    var known = StringTable()
    for value in ends.indices {
      let text = start(value)..<start(value + 1)
      let (place, isNew) = known.place(of: text, in: bytes)
      if isNew {
        dictionary.append(contentsOf: bytes[text])
        if dictionary.count > 1 << 20 { return nil }
      }
      places.append(UInt32(place))
    }
    let width = BitPacked.width(max(1, known.count - 1))
    guard dictionary.count + ends.count * width / 8 < bytes.count else { return nil }
    return (dictionary, known.count, places)
  }
}

/// Tells pieces of bytes apart; unlike strings, which are equal when they look equal, they must be the same bytes.
private struct StringTable {
  private var pieces: [Range<Int>] = []
  private var slots = [Int32](repeating: -1, count: 64)

  var count: Int { pieces.count }

  mutating func place(of piece: Range<Int>, in bytes: [UInt8]) -> (place: Int, isNew: Bool) {
    if pieces.count * 2 >= slots.count { grow(bytes) }
    let slot = find(piece, bytes)
    if slots[slot] >= 0 { return (Int(slots[slot]), false) }
    slots[slot] = Int32(pieces.count)
    pieces.append(piece)
    return (pieces.count - 1, true)
  }

  private func find(_ piece: Range<Int>, _ bytes: [UInt8]) -> Int {
    var hasher = Hasher()
    bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[piece])) }
    var slot = hasher.finalize() & (slots.count - 1)
    while slots[slot] >= 0, !bytes[pieces[Int(slots[slot])]].elementsEqual(bytes[piece]) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow(_ bytes: [UInt8]) {
    slots = [Int32](repeating: -1, count: slots.count * 4)
    for (place, piece) in pieces.enumerated() { slots[find(piece, bytes)] = Int32(place) }
  }
}
