import Formats

/// The first 128 bits of the SHA-256 of a document's bytes.
struct DocumentHash: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  init(_ document: Document) {
    (high, low) = document.withBytes { SHA256Digest.prefix128(of: UnsafeRawBufferPointer($0)) }
  }

  /// A number in 0 ..< 1 that follows from the text alone: below the validation share, a document is held out.
  var fraction: Double { Double(high >> 11) * 0x1p-53 }

  func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// The documents seen so far.
struct DocumentHashes {
  private var seen: Set<DocumentHash> = []
  /// Documents that had been seen before.
  private(set) var duplicates = 0

  /// Notes a document and tells whether it is the first of its text.
  mutating func insert(_ hash: DocumentHash) -> Bool {
    if seen.insert(hash).inserted { return true }
    duplicates += 1
    return false
  }
}
