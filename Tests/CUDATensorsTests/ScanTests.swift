import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// The linear recurrence, one token after another and in chunks.
  @Suite struct Scans {
    /// Lengths, rows, lanes, heads and how many of them share.
    typealias Shape = (length: Int, rows: Int, lanes: Int, heads: Int, share: Int)

    @Test(arguments: [
      (StateScan.Order.after, nil), (.after, StateScan.DecayAxis.head), (.decayed, .lanes), (.last, .rows),
    ])
    func tokens(_ order: StateScan.Order, _ axis: StateScan.DecayAxis?) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let shapes: [Shape] = [(1, 17, 1, 1, 1), (9, 24, 3, 2, 2), (33, 19, 64, 3, 1), (70, 22, 40, 4, 4)]
      for shape in shapes {
        for isReverse in [false, true] {
          let type: DType = Bool.random(using: &both.random) ? .float32 : .bfloat16
          check(shape, order, axis, isReverse: isReverse, type, column: 3, tolerance: 2e-6, &both)
        }
      }
    }

    @Test(arguments: [StateScan.Order.after, .decayed, .last])
    func chunks(_ order: StateScan.Order) throws {
      var both = BothBackends(try EmulatedCard.backend())
      // The last is long enough for a sequence to go in two segments.
      let shapes: [Shape] = [(128, 64, 72, 2, 2), (200, 40, 40, 2, 1), (577, 16, 48, 1, 1)]
      for shape in shapes {
        for isReverse in [false, true] {
          let axis = Bool.random(using: &both.random) ? StateScan.DecayAxis.head : nil
          check(shape, order, axis, isReverse: isReverse, .bfloat16, column: 8, tolerance: 0.006, &both)
        }
      }
    }

    @Test func decayGradients() throws {
      var both = BothBackends(try EmulatedCard.backend())
      for (length, heads, width) in [(1, 1, 1), (33, 3, 2), (200, 5, 7)] {
        for ofLanes in [false, true] {
          let products = both.normals([2 * length, heads * width])
          let first = both.documents(sequences: 2, length: length)
          let gradient = both.output([2 * length, heads * (ofLanes ? width : 1)])
          both.run { side in
            side.backend.decayGradient(
              products: side(products), sequences: 2, heads: heads, ofLanes: ofLanes, firstKeys: side(first),
              decayGradient: side(gradient))
          }
          both.compare(gradient, absolute: 1e-6, "\(length) tokens, \(heads) heads of \(width), lanes \(ofLanes)")
        }
      }
    }

    private func check(
      _ s: Shape, _ order: StateScan.Order, _ axis: StateScan.DecayAxis?, isReverse: Bool, _ type: DType,
      column: Int, tolerance: Float, _ both: inout BothBackends
    ) {
      func random() -> Bool { Bool.random(using: &both.random) }
      let (tokens, results) = (2 * s.length, s.heads / s.share)
      let accumulates = random(), ofLanes = random(), hasState = !isReverse && random()
      // Numbers of different types, as gradients have them.
      let read = both.normals([tokens, column + s.heads * s.rows + 5 * column], type)
      let row = both.normals([tokens, s.heads * s.rows], random() ? .float32 : type)
      let lane = both.normals([tokens, results * s.lanes], type)
      let decay = axis.map { axis in
        both.decays([tokens, s.heads * (axis == .head ? 1 : axis == .rows ? s.rows : s.lanes)])
      }
      let first = random() ? both.documents(sequences: 2, length: s.length) : nil
      let output = accumulates
        ? both.normals([tokens, results * s.lanes]) : both.output([tokens, results * s.lanes], type)
      let state = both.normals([2, s.heads, s.rows, s.lanes])
      let products = both.normals([tokens, s.heads * StateScan.productWidth(lanes: s.lanes, ofLanes: ofLanes)])
      both.run { side in
        side.backend.scan(
          StateScan(
            sequences: 2, length: s.length, heads: s.heads, rows: s.rows, lanes: s.lanes,
            read: HeadVectors(side(read), column: column, factor: 0.5), row: HeadVectors(side(row)),
            lane: HeadVectors(side(lane), share: s.share, factor: 2), decay: side(decay), decayAxis: axis ?? .head,
            order: order, isReverse: isReverse, firstKeys: side(first),
            output: HeadVectors(side(output), share: s.share, factor: 0.5), accumulates: accumulates,
            state: hasState ? side(state) : nil,
            products: StateScan.Products(
              tensor: side(products), reference: HeadVectors(side(lane), share: s.share, factor: 1.5), factor: -1,
              isOfLanes: ofLanes)))
      }
      let label = "\(s) \(order) \(axis.map { "\($0)" } ?? "no decay") reverse \(isReverse) \(type)"
      // What is added up is about as large as the root of as many squares, and a state is kept at 0.9 and more.
      let size = Float(s.rows * min(s.length, 100)).squareRoot() * 8
      both.compare(output, absolute: tolerance * size, relative: 1e-5, label)
      both.compare(products, absolute: tolerance * size * 16, relative: 1e-5, label + ", products")
      both.compare(state, absolute: tolerance * 160, relative: 1e-5, label + ", state")
    }
  }
}

extension BothBackends {
  /// Documents of random lengths, as their tokens' first tokens.
  mutating func documents(sequences: Int, length: Int) -> Pair {
    var firsts: [Int32] = []
    for _ in 0..<sequences {
      var first = 0
      for token in 0..<length {
        if token > 0, Int.random(in: 0..<20, using: &random) == 0 { first = token }
        firsts.append(Int32(first))
      }
    }
    return pair(firsts)
  }

  /// Numbers from 0 to 1, some of them tiny and some 0.
  mutating func decays(_ shape: [Int]) -> Pair {
    let most = Int.random(in: 4...40, using: &random)
    return pair(
      (0..<shape.reduce(1, *)).map { _ in
        let choices: [Float] = [0, 1e-30, 0.3, 0.9, 0.99, 1]
        let chosen = Int.random(in: 0..<most, using: &random)
        return chosen < choices.count ? choices[chosen] : 0.97
      }, shape)
  }
}
