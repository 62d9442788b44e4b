import Tensors
import Testing
import TestSupport

extension CUDATests {
  @Suite struct Optimizers {
    /// In runs of 16 bytes with something left over, and at an address that allows none.
    @Test(arguments: [(2051, 0), (500, 3)])
    func rules(_ count: Int, _ skipped: Int) throws {
      var both = BothBackends(try EmulatedCard.backend())
      /// State that rules change, from element `skipped` on.
      func state(positive: Bool = false) -> Pair {
        let values = both.random.normals(count + skipped).map { positive ? abs($0) : $0 }
        let whole = both.pair(values, [count + skipped, 1])
        let rows = skipped..<count + skipped
        return Pair(processor: whole.processor[rows: rows], card: whole.card[rows: rows])
      }
      let (gradient, weight) = (state(), state())
      let (first, slow, second) = (state(), state(), state(positive: true))
      func check(_ rule: String, _ results: [Pair], _ body: (Side) -> Void) {
        both.run(body)
        for (i, result) in results.enumerated() {
          both.compare(result, absolute: 2e-6, "\(rule) of \(count) from \(skipped), result \(i)")
        }
      }
      check("AdamW", [weight, first, second]) { side in
        side.backend.adamW(
          weight: side(weight), gradient: side(gradient), firstMoment: side(first), secondMoment: side(second),
          scalars: AdamWScalars(
            learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, corrections: (0.3, 0.2),
            gradientScale: 0.7))
      }
      check("AdEMAMix", [weight, first, slow, second]) { side in
        side.backend.adEMAMix(
          weight: side(weight), gradient: side(gradient), fastMoment: side(first), slowMoment: side(slow),
          secondMoment: side(second),
          scalars: AdEMAMixScalars(
            learningRate: 0.01, beta1: 0.9, beta2: 0.95, slowRate: 1e-4, alpha: 5, epsilon: 1e-8, weightDecay: 0.1,
            corrections: (0.3, 0.2), gradientScale: 0.7))
      }
      let update = both.output([count, 1])
      for nesterov in [true, false] {
        check("momentum", [first, update]) { side in
          side.backend.momentum(
            gradient: side(gradient), momentum: side(first), update: side(update), decay: 0.95, nesterov: nesterov,
            gradientScale: 0.5)
        }
      }
      check("precondition", [second, update]) { side in
        side.backend.precondition(
          gradient: side(gradient), firstMoment: side(first), secondMoment: side(second), output: side(update),
          beta2: 0.95, corrections: (0.3, 0.2), epsilon: 1e-6)
      }
      check("combine", [weight, update]) { side in
        side.backend.combine(0.3, side(first), 0, nil, into: side(update))
        side.backend.combine(0.3, side(weight), -2, side(first), into: side(weight))
      }
    }

    /// Where what decides a sign is near to nothing, rounding may decide it: there are no such elements, but zeros.
    @Test func lion() throws {
      var both = BothBackends(try EmulatedCard.backend())
      let count = 1030
      func apart() -> Pair {
        both.pair(both.random.normals(count).map { Float(Int($0 * 8)) }, [count])
      }
      let (weight, gradient, momentum) = (both.normals([count]), apart(), apart())
      both.run { side in
        side.backend.lion(
          weight: side(weight), gradient: side(gradient), momentum: side(momentum),
          scalars: LionScalars(learningRate: 0.01, beta1: 0.75, beta2: 0.95, weightDecay: 0.1, gradientScale: 0.5))
      }
      both.compare(weight, absolute: 1e-6, "weights")
      both.compare(momentum, absolute: 1e-6, "momentum")
    }
  }
}
