import Tensors

/// Dual-chunk attention (arXiv:2402.17463): a text longer than the trained context is cut into chunks, and no distance
/// between a query and a key is larger than one that was trained. Within its chunk a query has its true distances; to keys
/// of the chunk before, true ones up to `local` tokens back and at most the largest; to all others the largest.
struct DualChunk: Hashable, Sendable {
  /// Tokens of a chunk.
  var size: Int
  /// How far into a chunk queries keep true distances to the chunk before; size + local is the trained context.
  var local: Int

  /// For tokens at `places` of their documents, which begin at keys `documents`: the positions of queries to their own
  /// chunk, the one before and the others, and the first and last keys of each. Ranges that no token has are left out.
  func parts(places: [Int], documents: [Int]) -> [(positions: [Int32], first: [Int32], last: [Int32])] {
    let largest = size + local - 1
    let most = (places.max() ?? 0) / size
    return (0...min(most, 2)).map { distance in
      var part: (positions: [Int32], first: [Int32], last: [Int32]) = ([], [], [])
      for (place, document) in zip(places, documents) {
        let (chunk, inside) = (place / size, place % size)
        part.positions.append(Int32([inside, min(size + inside, largest), largest][distance]))
        let first = distance == 2 ? 0 : (chunk - distance) * size
        let last = distance == 0 ? place : (chunk - distance + 1) * size - 1
        // A chunk that the text does not have: no keys.
        part.first.append(Int32(chunk < distance ? document : document + first))
        part.last.append(Int32(chunk < distance ? document - 1 : document + last))
      }
      return part
    }
  }
}
