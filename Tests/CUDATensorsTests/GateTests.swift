import Tensors
import Testing
import TestSupport

extension CUDATests {
  /// States that every token changes: bounds of exponential gates, and rotations.
  @Suite struct Gates {
    /// How a sequence begins.
    enum Beginning: CaseIterable {
      case fresh, documents, emptyState, continued
    }

    private static let (length, width) = (41, 5)

    private struct Inputs {
      var rows: Int
      var firstKeys: Pair?
      var last: Pair?
    }

    private func inputs(_ beginning: Beginning, _ both: inout BothBackends) -> Inputs {
      let hasState = beginning == .emptyState || beginning == .continued
      let sequences = hasState ? 1 : 3
      var first: Int32 = 0
      let keys = (0..<sequences * Self.length).map { row in
        let token = Int32(row % Self.length)
        if token == 0 || Int.random(in: 0..<7, using: &both.random) == 0 { first = token }
        return first
      }
      return Inputs(
        rows: sequences * Self.length, firstKeys: beginning == .documents ? both.pair(keys) : nil,
        last: hasState ? both.normals([Self.width]) : nil)
    }

    @Test(arguments: Beginning.allCases)
    func bounded(_ beginning: Beginning) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let given = inputs(beginning, &both)
      let shape = [given.rows, Self.width]
      let logInput = both.normals(shape, scale: 2)
      let logForget = both.pair((0..<given.rows * Self.width).map { _ in -abs(both.random.normal()) }, shape)
      let outputs = (0..<3).map { _ in both.output(shape) }
      both.run { side in
        side.backend.boundedGates(
          logInput: side(logInput), logForget: side(logForget), length: Self.length, firstKeys: side(given.firstKeys),
          last: side(given.last), isEmpty: beginning != .continued, bounds: side(outputs[0]), decay: side(outputs[1]),
          factor: side(outputs[2]))
      }
      for (i, name) in ["bounds", "decay", "factor"].enumerated() { both.compare(outputs[i], "\(beginning), \(name)") }
      if let last = given.last { both.compare(last, "\(beginning), last bound") }
    }

    @Test(arguments: Beginning.allCases)
    func rotations(_ beginning: Beginning) throws {
      var both = BothBackends(try EmulatedCard.backend())
      let given = inputs(beginning, &both)
      let shape = [given.rows, Self.width]
      let type: DType = beginning == .documents ? .bfloat16 : .float32
      let (angles, cosineGradient) = (both.normals(shape, scale: 3), both.normals(shape, type))
      let sineGradient = beginning == .fresh ? nil : both.normals(shape, type)
      let (cosines, sines, inputGradient) = (both.output(shape), both.output(shape), both.output(shape))
      both.run { side in
        side.backend.rotations(
          side(angles), length: Self.length, firstKeys: side(given.firstKeys), last: side(given.last),
          cosines: side(cosines), sines: side(sines))
        side.backend.rotationsBackward(
          cosines: side(cosines), sines: side(sines), length: Self.length, firstKeys: side(given.firstKeys),
          isContinued: given.last != nil, cosineGradient: side(cosineGradient), sineGradient: side(sineGradient),
          inputGradient: side(inputGradient))
      }
      both.compare(cosines, absolute: 5e-7, "\(beginning), cosines")
      both.compare(sines, absolute: 5e-7, "\(beginning), sines")
      both.compare(inputGradient, absolute: 2e-5, "\(beginning), gradient")
      // Half a turn is the same either way.
      if let last = given.last {
        for (a, b) in zip(last.card.toFloats(), last.processor.toFloats()) {
          let apart = abs(a - b)
          #expect(min(apart, abs(apart - 2 * .pi)) < 1e-5, "\(beginning), last sum, seed \(both.random.seed)")
        }
      }
    }
  }
}
