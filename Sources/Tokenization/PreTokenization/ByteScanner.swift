/// Reads scalar properties from UTF-8 bytes for the split patterns.
///
/// Text is any bytes. A byte at which no well-formed UTF-8 sequence starts counts as one symbol that is neither letter
/// nor number nor white space, so ill-formed input is split somewhere and lost nowhere.
struct ByteScanner {
  let bytes: UnsafePointer<UInt8>
  /// One past the last byte that may be read.
  let end: Int
  private let table: UnsafePointer<UInt8>

  @inline(__always)
  init(bytes: UnsafePointer<UInt8>, end: Int, table: UnsafePointer<UInt8> = ScalarProperties.table) {
    self.bytes = bytes
    self.end = end
    self.table = table
  }

  /// The same bytes with another end.
  @inline(__always)
  func ending(at newEnd: Int) -> ByteScanner { ByteScanner(bytes: bytes, end: newEnd, table: table) }

  /// Properties and width in bytes of the symbol that starts at a position before the end.
  @inline(__always)
  func symbol(at position: Int) -> (properties: ScalarProperties, width: Int) {
    let byte = bytes[position]
    if byte < 0x80 { return (ScalarProperties(rawValue: table[Int(byte)]), 1) }
    return multibyteSymbol(at: position)
  }

  /// Like `symbol(at:)` for a first byte of 0x80 and above.
  @inline(never)
  func multibyteSymbol(at position: Int) -> (properties: ScalarProperties, width: Int) {
    let (scalar, width) = multibyteScalar(at: position)
    if scalar == Self.noScalar { return (.illFormed, 1) }
    return (ScalarProperties(rawValue: table[Int(scalar)]), width)
  }

  /// Stands for an ill-formed byte.
  static let noScalar = UInt32.max

  /// The scalar and its width where the first byte is 0x80 or above; `(noScalar, 1)` if the sequence is ill-formed
  /// (Unicode 16.0, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
  @inline(__always)
  func multibyteScalar(at position: Int) -> (scalar: UInt32, width: Int) {
    let first = UInt32(bytes[position])
    let left = end - position
    guard first >= 0xc2, first <= 0xf4, left >= 2 else { return (Self.noScalar, 1) }
    let second = UInt32(bytes[position + 1])
    guard second & 0xc0 == 0x80 else { return (Self.noScalar, 1) }
    if first < 0xe0 { return ((first & 0x1f) << 6 | second & 0x3f, 2) }
    guard left >= 3 else { return (Self.noScalar, 1) }
    let third = UInt32(bytes[position + 2])
    guard third & 0xc0 == 0x80 else { return (Self.noScalar, 1) }
    if first < 0xf0 {
      let scalar = (first & 0x0f) << 12 | (second & 0x3f) << 6 | third & 0x3f
      guard scalar >= 0x800, scalar < 0xd800 || scalar > 0xdfff else { return (Self.noScalar, 1) }
      return (scalar, 3)
    }
    guard left >= 4 else { return (Self.noScalar, 1) }
    let fourth = UInt32(bytes[position + 3])
    guard fourth & 0xc0 == 0x80 else { return (Self.noScalar, 1) }
    let scalar = (first & 0x07) << 18 | (second & 0x3f) << 12 | (third & 0x3f) << 6 | fourth & 0x3f
    guard scalar >= 0x10000, scalar <= 0x10ffff else { return (Self.noScalar, 1) }
    return (scalar, 4)
  }

  /// The scalar and its width at any position before the end; `(noScalar, 1)` if no well-formed sequence starts there.
  @inline(__always)
  func scalar(at position: Int) -> (scalar: UInt32, width: Int) {
    let byte = bytes[position]
    return byte < 0x80 ? (UInt32(byte), 1) : multibyteScalar(at: position)
  }

  /// Properties of a scalar, those of an ill-formed byte for `noScalar`.
  @inline(__always)
  func properties(of scalar: UInt32) -> ScalarProperties {
    scalar == Self.noScalar ? .illFormed : ScalarProperties(rawValue: table[Int(scalar)])
  }

  /// End of `\p{L}*` from a position.
  @inline(__always)
  func skipLetters(from start: Int) -> Int {
    var position = start
    while position < end {
      let byte = bytes[position]
      if (byte | 0x20) &- 0x61 < 26 {
        position += 1
      } else if byte < 0x80 {
        return position
      } else {
        let (properties, width) = multibyteSymbol(at: position)
        guard properties.isLetter else { return position }
        position += width
      }
    }
    return position
  }

  /// End of `\p{N}{0,limit}` from a position.
  @inline(__always)
  func skipNumbers(from start: Int, limit: Int = .max) -> Int {
    var position = start
    var count = 0
    while position < end, count < limit {
      let (properties, width) = symbol(at: position)
      guard properties.isNumber else { return position }
      position += width
      count += 1
    }
    return position
  }

  /// End of `[^\s\p{L}\p{N}]*` from a position.
  @inline(__always)
  func skipOthers(from start: Int) -> Int {
    var position = start
    while position < end {
      let (properties, width) = symbol(at: position)
      guard properties.isOther else { return position }
      position += width
    }
    return position
  }

  /// End of `[\r\n]*` from a position.
  @inline(__always)
  func skipNewlines(from start: Int) -> Int {
    var position = start
    while position < end, bytes[position] == 0x0a || bytes[position] == 0x0d { position += 1 }
    return position
  }

  /// A maximal run of white space.
  struct WhitespaceRun {
    /// One past the run.
    var end: Int
    /// Where the run's last scalar starts.
    var lastStart: Int
    /// One past the last `\r` or `\n` in the run, nil if there is none.
    var newlineEnd: Int?

    /// `\s+(?!\S)|\s+`: all of the run at the end of the text, else all but its last scalar, which stays with what
    /// follows, unless it is the only one.
    @inline(__always)
    func endLeavingLast(start: Int, textEnd: Int) -> Int {
      end == textEnd || lastStart == start ? end : lastStart
    }
  }

  /// The run of white space that starts at a position; the scalar there is white space.
  @inline(__always)
  func whitespaceRun(from start: Int) -> WhitespaceRun {
    var run = WhitespaceRun(end: start, lastStart: start, newlineEnd: nil)
    while run.end < end {
      let (properties, width) = symbol(at: run.end)
      guard properties.isWhitespace else { break }
      run.lastStart = run.end
      let byte = bytes[run.end]
      run.end += width
      if byte == 0x0a || byte == 0x0d { run.newlineEnd = run.end }
    }
    return run
  }
}
