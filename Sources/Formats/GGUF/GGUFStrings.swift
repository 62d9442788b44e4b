/// A list of strings as a GGUF file holds it: their bytes one after another, so that a vocabulary of a quarter million
/// tokens is two allocations.
public struct GGUFStrings: Sendable, Equatable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// An empty list.
  public init() {}

  /// A list of these strings.
  public init(_ strings: some Sequence<String>) {
    for string in strings { append(string) }
  }

  /// Number of strings.
  public var count: Int { ends.count }
  /// Bytes of all strings together.
  public var byteCount: Int { bytes.count }
  /// The positions of the strings.
  public var indices: Range<Int> { 0..<ends.count }

  /// The string at `index`; bytes that are no UTF-8 become the replacement character.
  public subscript(index: Int) -> String {
    withBytes(of: index) { String(decoding: $0, as: UTF8.self) }
  }

  /// Runs `body` on the bytes of the string at `index`, which need not be UTF-8.
  public func withBytes<Result>(
    of index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    let start = index == 0 ? 0 : ends[index - 1]
    return try bytes.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[start..<ends[index]]))
    }
  }

  /// All strings, one by one.
  public var strings: [String] { indices.map { self[$0] } }

  /// Adds a string.
  public mutating func append(_ string: String) {
    bytes.append(contentsOf: string.utf8)
    ends.append(bytes.count)
  }

  /// Adds a string's bytes.
  public mutating func append(_ string: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: string)
    ends.append(bytes.count)
  }

  /// Makes room for `count` strings.
  mutating func reserve(count: Int) { ends.reserveCapacity(count) }
}
