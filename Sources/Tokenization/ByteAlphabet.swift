/// The printable stand-ins for bytes in files of byte-level tokenizers (GPT-2): each byte is written as one character.
///
/// Bytes that are printable in Latin-1 stand for themselves, the other 68 become U+0100 onwards in order.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [Unicode.Scalar] = {
    var next: UInt32 = 0x100
    return (0..<256).map { byte in
      if isPrintable(UInt32(byte)) { return Unicode.Scalar(UInt8(byte)) }
      next += 1
      return Unicode.Scalar(next - 1) ?? "\u{fffd}"
    }
  }()

  /// The byte of each character below U+0144, −1 where there is none.
  static let bytes: [Int16] = {
    var table = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { table[Int(scalar.value)] = Int16(byte) }
    return table
  }()

  /// The bytes in the order of their characters, in which trainers number them.
  static let bytesInCharacterOrder: [UInt8] = (0..<256).map { UInt8($0) }.sorted {
    scalars[Int($0)].value < scalars[Int($1)].value
  }

  private static func isPrintable(_ value: UInt32) -> Bool {
    (0x21...0x7e).contains(value) || (0xa1...0xac).contains(value) || (0xae...0xff).contains(value)
  }

  /// How bytes are written.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(scalars[Int(byte)]) }
    return String(text)
  }
}
