/// The letters that a pattern without regard to case takes for one another.
enum CaseVariants {
  /// A scalar and its other cases, by simple case folding.
  static func of(_ value: UInt32) -> [UInt32] {
    guard let scalar = Unicode.Scalar(value) else { return [value] }
    var found: Set<UInt32> = [value]
    for start in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
      guard let single = only(start) else { continue }
      found.insert(single.value)
      for text in [single.properties.lowercaseMapping, single.properties.uppercaseMapping] {
        if let next = only(text) { found.insert(next.value) }
      }
    }
    // Letters whose small form is shared with another capital.
    for (special, plain) in shared where found.contains(plain) || found.contains(special) {
      found.formUnion([special, plain])
      if let upper = Unicode.Scalar(plain).flatMap({ only($0.properties.uppercaseMapping) }) {
        found.insert(upper.value)
      }
    }
    return found.sorted()
  }

  /// Long s, the Kelvin sign, the Angstrom sign, final sigma, the Greek symbols, the micro sign.
  private static let shared: [(UInt32, UInt32)] = [
    (0x17f, 0x73), (0x212a, 0x6b), (0x212b, 0xe5), (0x3c2, 0x3c3), (0xb5, 0x3bc), (0x3d0, 0x3b2), (0x3f5, 0x3b5),
    (0x3d1, 0x3b8), (0x3f4, 0x3b8), (0x1fbe, 0x3b9), (0x3f0, 0x3ba), (0x3d6, 0x3c0), (0x3f1, 0x3c1), (0x3d5, 0x3c6),
    (0x2126, 0x3c9), (0x1e9b, 0x1e61),
  ]

  private static func only(_ text: String) -> Unicode.Scalar? {
    text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
  }
}
