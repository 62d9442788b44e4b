import Foundation

/// How a GGUF file holds the values of a tensor of a Hugging Face checkpoint.
enum GGUFLayout: Sendable, Equatable {
  /// As they are.
  case same
  /// The rows of each head so that the two that are rotated together are neighbours; Hugging Face has them half a head
  /// apart.
  case rotaryPairs(heads: Int)
  /// One more than they are, so that a norm multiplies by what is in the file.
  case plusOne

  /// Changes the values of a Hugging Face checkpoint to those of a GGUF file.
  func encode(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int]) {
    switch self {
    case .same: break
    case .rotaryPairs(let heads):
      moveRows(values, rows: shape[0], heads: heads, GGUFLayout.pairedRow)
    case .plusOne: for i in values.indices { values[i] += 1 }
    }
  }

  /// Changes the values of a GGUF file to those of a Hugging Face checkpoint.
  func decode(_ values: UnsafeMutableBufferPointer<Float>, shape: [Int]) {
    switch self {
    case .same: break
    case .rotaryPairs(let heads):
      moveRows(values, rows: shape[0], heads: heads) { row, half in row / 2 + (row % 2 == 0 ? 0 : half) }
    case .plusOne: for i in values.indices { values[i] -= 1 }
    }
  }

  /// Where in its head a GGUF file has a row.
  static func pairedRow(_ row: Int, half: Int) -> Int { row < half ? 2 * row : 2 * (row - half) + 1 }

  /// Moves row `r` of each head to `place(r, half of the head's rows)`.
  private func moveRows(
    _ values: UnsafeMutableBufferPointer<Float>, rows: Int, heads: Int, _ place: (Int, Int) -> Int
  ) {
    guard let base = values.baseAddress, rows > 0 else { return }
    let width = values.count / rows
    let headRows = rows / heads
    withUnsafeTemporaryAllocation(of: Float.self, capacity: headRows * width) { copy in
      guard let copied = copy.baseAddress else { return }
      for head in 0..<heads {
        let start = base + head * headRows * width
        copied.update(from: start, count: headRows * width)
        for row in 0..<headRows {
          (start + place(row, headRows / 2) * width).update(from: copied + row * width, count: width)
        }
      }
    }
  }
}
