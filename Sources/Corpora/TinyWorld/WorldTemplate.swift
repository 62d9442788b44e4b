/// A sentence with places for a person or place and for a value, taken apart once.
struct WorldTemplate: Sendable {
  enum Piece: Sendable {
    case literal([UInt8])
    case entity
    case value
    case valueWithArticle
  }

  let pieces: [Piece]

  init(_ text: String) {
    var pieces: [Piece] = []
    var literal: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      let marks: [(String, Piece)] = [("{e}", .entity), ("{v}", .value), ("{a}", .valueWithArticle)]
      if let (mark, piece) = marks.first(where: { rest.starts(with: $0.0.utf8) }) {
        if !literal.isEmpty { pieces.append(.literal(literal)) }
        literal = []
        pieces.append(piece)
        rest = rest.dropFirst(mark.utf8.count)
      } else {
        literal.append(byte)
        rest = rest.dropFirst()
      }
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
    self.pieces = pieces
  }

  /// Whether a pronoun can stand for the person or place: only at the front.
  var startsWithEntity: Bool {
    if case .entity? = pieces.first { true } else { false }
  }

  func write(entity: String, value: String, to text: inout TextBuffer) {
    for piece in pieces {
      switch piece {
      case .literal(let bytes): text.add(bytes[...])
      case .entity: text.add(entity)
      case .value: text.add(value)
      case .valueWithArticle:
        text.add(Self.article(value))
        text.add(value)
      }
    }
  }

  static func article(_ noun: String) -> String {
    switch noun.utf8.first {
    case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): "an "
    default: "a "
    }
  }
}
