/// Text as Python indexes it: one element a Unicode scalar, compared without any normalisation.
typealias ScalarText = [Unicode.Scalar]

extension [Unicode.Scalar] {
  init(text: String) { self = Array(text.unicodeScalars) }

  var string: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: self)
    return String(view)
  }

  /// Where `part` begins, from `start` on.
  func firstIndex(of part: ScalarText, from start: Int = 0) -> Int? {
    guard !part.isEmpty, count >= part.count, start >= 0 else { return nil }
    var index = start
    while index <= count - part.count {
      if self[index] == part[0], self[index..<index + part.count].elementsEqual(part) { return index }
      index += 1
    }
    return nil
  }

  /// Where the last `part` begins.
  func lastIndex(of part: ScalarText) -> Int? {
    guard !part.isEmpty, count >= part.count else { return nil }
    return stride(from: count - part.count, through: 0, by: -1).first {
      self[$0] == part[0] && self[$0..<$0 + part.count].elementsEqual(part)
    }
  }

  func contains(_ part: String) -> Bool { firstIndex(of: ScalarText(text: part)) != nil }

  /// The pieces between the places where `separator` stands; one more than there are places.
  func split(on separator: String) -> [ScalarText] {
    let separator = ScalarText(text: separator)
    var pieces: [ScalarText] = []
    var start = 0
    while let end = firstIndex(of: separator, from: start) {
      pieces.append(Array(self[start..<end]))
      start = end + separator.count
    }
    pieces.append(Array(self[start...]))
    return pieces
  }

  /// The text with each `old` replaced, from left to right.
  func replacing(_ old: String, with new: String = "") -> ScalarText {
    Array(split(on: old).joined(separator: ScalarText(text: new)))
  }
}
