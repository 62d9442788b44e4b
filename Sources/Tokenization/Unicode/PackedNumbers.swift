import Foundation

/// Reads the numbers of a generated table: LEB128 in base64.
struct PackedNumbers {
  private let bytes: [UInt8]
  private var position = 0

  init(base64: String) {
    bytes = Data(base64Encoded: base64).map { Array($0) } ?? []
  }

  /// The next number, nil at the end.
  mutating func next() -> UInt32? {
    var value: UInt32 = 0
    var shift: UInt32 = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      value |= UInt32(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }

  /// Visits a list of scalars with what they become: distance from the last scalar, length, scalars.
  static func forEachMapping(_ base64: String, _ body: (UInt32, [UInt32]) -> Void) {
    var numbers = PackedNumbers(base64: base64)
    var scalar: UInt32 = 0
    while let distance = numbers.next(), let count = numbers.next() {
      scalar += distance
      body(scalar, (0..<count).compactMap { _ in numbers.next() })
    }
  }

  /// A byte for each code point from runs of length and value. It is kept for the life of the process, and pages of
  /// zeros cost no memory.
  static func table(ofRuns base64: String) -> UnsafePointer<UInt8> {
    var numbers = PackedNumbers(base64: base64)
    let table = Self.zeroed(UInt8.self)
    var place = 0
    while let length = numbers.next(), let value = numbers.next(), place + Int(length) <= 0x110000 {
      if value != 0 { (table + place).update(repeating: UInt8(truncatingIfNeeded: value), count: Int(length)) }
      place += Int(length)
    }
    return UnsafePointer(table)
  }

  /// One zero for each code point, never given back.
  static func zeroed<T: FixedWidthInteger>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    if let memory = calloc(0x110000, MemoryLayout<T>.stride) {
      return memory.bindMemory(to: T.self, capacity: 0x110000)
    }
    let table = UnsafeMutablePointer<T>.allocate(capacity: 0x110000)
    table.initialize(repeating: 0, count: 0x110000)
    return table
  }
}
