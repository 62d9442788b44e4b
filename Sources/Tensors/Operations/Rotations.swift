import Foundation

extension Tape {
  /// Cosines and sines of angles that add up from the beginning of each document on: a state that every token turns.
  /// - Parameters:
  ///   - angles: float32 `[tokens, width]`.
  ///   - last: `[width]`, the sums before the first of a single sequence and, then, after the last; nil: 0.
  /// - Returns: both of the angles' shape, in the type of the computation.
  public mutating func rotations(
    _ angles: Variable, length: Int, firstKeys: Tensor? = nil, last: Tensor? = nil
  ) -> (cosines: Variable, sines: Variable) {
    let execution = execution
    let input = angles.tensor
    let width = input.columns
    let cosines = execution.tensor(input.shape, .float32)
    let sines = execution.tensor(input.shape, .float32)
    var sums = last.map { $0.floats.map(Double.init) } ?? [Double](repeating: 0, count: width)
    func begins(_ row: Int) -> Bool {
      firstKeys.map { Int($0.integers[row]) == row % length } ?? (last == nil && row % length == 0)
    }
    for row in 0..<input.rows {
      let isFirst = begins(row)
      for i in 0..<width {
        let sum = (isFirst ? 0 : sums[i]) + Double(input.floats[row * width + i])
        sums[i] = remainder(sum, 2 * .pi)
        cosines.floats[row * width + i] = cosf(Float(sums[i]))
        sines.floats[row * width + i] = sinf(Float(sums[i]))
      }
    }
    if let last { for i in 0..<width { last.floats[i] = Float(sums[i]) } }
    let outputs = [cosines, sines].map { exact -> Tensor in
      guard execution.compute != .float32 else { return exact }
      let rounded = execution.tensor(exact.shape)
      execution.backend.convert(exact, into: rounded)
      return rounded
    }
    let results = record(inputs: [angles], outputs: outputs) { gradients in
      let inputGradient = execution.tensor(input.shape, .float32)
      let given = gradients.map { $0?.toFloats() }
      var sums = [Float](repeating: 0, count: width)
      for row in stride(from: input.rows - 1, through: 0, by: -1) {
        if row + 1 == input.rows || begins(row + 1) { for i in 0..<width { sums[i] = 0 } }
        for i in 0..<width {
          let at = row * width + i
          sums[i] += (given[1]?[at] ?? 0) * cosines.floats[at] - (given[0]?[at] ?? 0) * sines.floats[at]
          inputGradient.floats[at] = sums[i]
        }
      }
      return [inputGradient]
    }
    return (results[0], results[1])
  }
}
