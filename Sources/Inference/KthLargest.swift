/// Selection without sorting (Hoare's quickselect).
enum KthLargest {
  /// The `k`-th largest value, from 1; what is no number counts as the smallest.
  static func value(_ values: UnsafeBufferPointer<Float>, _ k: Int) -> Float {
    precondition(k >= 1 && k <= values.count)
    var rest = values.map { $0.isNaN ? -Float.infinity : $0 }
    return rest.withUnsafeMutableBufferPointer { rest in
      var (low, high) = (0, rest.count - 1)
      while low < high {
        let pivot = median(rest[low], rest[low + (high - low) / 2], rest[high])
        var (i, j) = (low, high)
        while i <= j {
          while rest[i] > pivot { i += 1 }
          while rest[j] < pivot { j -= 1 }
          if i <= j {
            rest.swapAt(i, j)
            i += 1
            j -= 1
          }
        }
        if k - 1 <= j { high = j } else if k - 1 >= i { low = i } else { break }
      }
      return rest[k - 1]
    }
  }

  private static func median(_ a: Float, _ b: Float, _ c: Float) -> Float {
    max(min(a, b), min(max(a, b), c))
  }
}
