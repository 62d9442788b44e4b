/// What is done to text before it is cut into words.
struct Normalizer: Sendable {
  /// The changes, one after another.
  let steps: [NormalizerStep]

  /// The changed text, nil if nothing changes.
  func apply(_ bytes: UnsafeBufferPointer<UInt8>, _ matcher: inout PatternMatcher) -> [UInt8]? {
    var current: [UInt8]?
    for step in steps {
      let changed =
        if let current {
          current.withUnsafeBufferPointer { step.apply($0, &matcher) }
        } else {
          step.apply(bytes, &matcher)
        }
      if let changed { current = changed }
    }
    return current
  }

  /// The changed text of an added token, which is looked for in changed text.
  func apply(_ text: String) -> [UInt8] {
    var matcher = PatternMatcher()
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { apply($0, &matcher) } ?? bytes
  }
}
