/// The name in `candidates` that a misspelled `name` most likely meant, for error messages.
///
/// Distance is Damerau–Levenshtein (optimal string alignment) on lower-cased Unicode scalars, with `-` and `_`
/// alike; a candidate further away than a third of the longer name is no suggestion.
public func nearestName(to name: String, in candidates: some Sequence<String>) -> String? {
  let wanted = foldedScalars(name)
  guard !wanted.isEmpty, wanted.count <= 128 else { return nil }
  var best: (name: String, distance: Int)?
  for candidate in candidates {
    let folded = foldedScalars(candidate)
    let limit = max(1, max(wanted.count, folded.count) / 3)
    guard abs(wanted.count - folded.count) <= limit else { continue }
    let distance = alignmentDistance(wanted, folded)
    if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
  }
  return best?.name
}

private func foldedScalars(_ name: String) -> [Unicode.Scalar] {
  name.lowercased().unicodeScalars.map { $0 == "-" ? "_" : $0 }
}

/// Insertions, deletions, substitutions and swaps of neighbours between two short words.
private func alignmentDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [Int](repeating: 0, count: b.count + 1)
    row[0] = i + 1
    for j in 0..<b.count {
      let substitution = last[j] + (a[i] == b[j] ? 0 : 1)
      row[j + 1] = min(substitution, last[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
        row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
      }
    }
    (beforeLast, last) = (last, row)
  }
  return last[b.count]
}
