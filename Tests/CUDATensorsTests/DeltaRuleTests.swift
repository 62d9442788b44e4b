import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct DeltaRules {
    @Test(arguments: [false, true])
    func tokens(ofRows: Bool) throws {
      var both = BothBackends(try EmulatedCard.backend())
      for shape in [(1, 1, 1, 1, 1), (9, 12, 3, 2, 2), (65, 33, 35, 4, 2), (40, 60, 64, 3, 1)] {
        for isReverse in [false, true] {
          for type in [DType.float32, .bfloat16] { check(shape, ofRows: ofRows, isReverse: isReverse, type, &both) }
        }
      }
    }

    /// Length, rows, lanes, heads and how many of them have a key together.
    private func check(
      _ s: (length: Int, rows: Int, lanes: Int, heads: Int, share: Int), ofRows: Bool, isReverse: Bool, _ type: DType,
      _ both: inout BothBackends
    ) {
      let (tokens, keys) = (2 * s.length, s.heads / s.share * s.rows)
      // Keys of length 1 and less, as the rule wants them; else answers grow without bound.
      let query = both.normals([tokens, keys], type)
      let key = both.normals([tokens, keys], type, scale: 0.5 / Float(s.rows).squareRoot())
      let value = both.normals([tokens, s.heads * s.lanes], type)
      let beta = both.pair(
        (0..<tokens * s.heads).map { _ in Float.random(in: 0...1, using: &both.random) }, [tokens, s.heads])
      let decay = both.decays([tokens, s.heads * (ofRows ? s.rows : 1)])
      let first = Bool.random(using: &both.random) ? both.documents(sequences: 2, length: s.length) : nil
      let state = !isReverse && Bool.random(using: &both.random) ? both.normals([2, s.heads, s.rows, s.lanes]) : nil
      let output = isReverse ? nil : both.output([tokens, s.heads * s.lanes], type)
      let stored = both.output([tokens, s.heads * s.lanes])
      both.run { side in
        side.backend.deltaRule(
          DeltaScan(
            sequences: 2, length: s.length, heads: s.heads, keyDimension: s.rows, valueDimension: s.lanes,
            query: HeadVectors(side(query), share: s.share), key: HeadVectors(side(key), share: s.share),
            value: HeadVectors(side(value), factor: 0.5), beta: side(beta), decay: side(decay), isReverse: isReverse,
            firstKeys: side(first), output: side(output).map { HeadVectors($0, factor: 0.5) }, stored: side(stored),
            state: side(state)))
      }
      let label = "\(s) rows \(ofRows) reverse \(isReverse) \(type)"
      let tolerance = 2e-5 * Float(s.rows).squareRoot()
      both.compare(stored, absolute: tolerance, label + ", stored")
      if let output { both.compare(output, absolute: tolerance, label) }
      if let state { both.compare(state, absolute: tolerance, label + ", state") }
    }
  }
}
