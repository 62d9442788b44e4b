extension Text {
  /// Python's `split()` without a separator: runs of white space part the pieces, none is empty.
  func splitAtSpace(limit: Int = -1) -> [Text] {
    var pieces: [Text] = []
    var index = 0
    while index < bytes.count {
      let (scalar, width) = Text.scalar(in: bytes, at: index)
      if scalar.isPythonSpace {
        index += width
        continue
      }
      if limit >= 0, pieces.count == limit {
        pieces.append(piece(index, bytes.count))
        return pieces
      }
      let start = index
      while index < bytes.count {
        let (scalar, width) = Text.scalar(in: bytes, at: index)
        if scalar.isPythonSpace { break }
        index += width
      }
      pieces.append(piece(start, index))
    }
    return pieces
  }

  /// Python's `rsplit()` without a separator.
  func splitAtSpaceFromRight(limit: Int) -> [Text] {
    let whole = splitAtSpace()
    if limit < 0 || whole.count <= limit { return whole }
    var pieces: [Text] = []
    var rest = stripped(.right)
    while pieces.count < limit, !rest.isEmpty {
      var start = rest.bytes.count
      while start > 0 {
        var first = start - 1
        while first > 0, Text.isContinuation(rest.bytes[first]) { first -= 1 }
        if Text.scalar(in: rest.bytes, at: first).scalar.isPythonSpace { break }
        start = first
      }
      pieces.append(rest.piece(start, rest.bytes.count))
      rest = rest.piece(0, start).stripped(.right)
    }
    if !rest.isEmpty { pieces.append(rest) }
    return pieces.reversed()
  }

  /// Python's `split(separator)`; the separator is not empty.
  func split(at separator: Text, limit: Int = -1) -> [Text] {
    var pieces: [Text] = []
    var start = 0
    while limit < 0 || pieces.count < limit, let found = firstRange(of: separator, from: start) {
      pieces.append(piece(start, found))
      start = found + separator.bytes.count
    }
    pieces.append(piece(start, bytes.count))
    return pieces
  }

  /// Python's `rsplit(separator)`; the separator is not empty.
  func splitFromRight(at separator: Text, limit: Int = -1) -> [Text] {
    let mirrored = Text(Array(bytes.reversed()))
    let pattern = Text(Array(separator.bytes.reversed()))
    var pieces: [Text] = []
    var start = 0
    while limit < 0 || pieces.count < limit, let found = mirrored.firstRange(of: pattern, from: start) {
      pieces.append(piece(bytes.count - found, bytes.count - start))
      start = found + pattern.bytes.count
    }
    pieces.append(piece(0, bytes.count - start))
    return pieces.reversed()
  }

  private func piece(_ start: Int, _ end: Int) -> Text { Text(Array(bytes[start..<end]), isMarkup: isMarkup) }
}
