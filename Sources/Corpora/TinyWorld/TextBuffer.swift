/// Bytes of text under construction.
struct TextBuffer {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(1024) }

  mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func add(_ number: Int) {
    if number < 0 {
      bytes.append(UInt8(ascii: "-"))
      add(-number)
    } else if number < 10 {
      bytes.append(UInt8(ascii: "0") + UInt8(number))
    } else {
      add(number / 10)
      bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
  }

  mutating func add(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

  /// Takes one space away from the end, if there is one.
  mutating func dropTrailingSpace() {
    if bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
  }

  mutating func newline() { bytes.append(UInt8(ascii: "\n")) }

  /// Makes the letter at `position` a capital.
  mutating func capitalize(at position: Int) {
    guard position < bytes.count else { return }
    let byte = bytes[position]
    if byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") { bytes[position] = byte - 32 }
  }

  var count: Int { bytes.count }
  var string: String { String(decoding: bytes, as: UTF8.self) }
}
