import CKernels
import Testing
import TestSupport

extension EngineTests {
  @Suite struct OptimizerKernels {
    @Test func adamW() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [1, 15, 33, 16384, 16384 * 2 + 7] {
          for step in [1, 1000] { checkAdamW(count, step: step, &random) }
        }
      }
    }

    @Test func otherRules() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [1, 15, 33, 16384, 16384 * 2 + 7] {
          checkLion(count, &random)
          checkAdEMAMix(count, &random)
          checkMomentum(count, &random)
          checkCombination(count, &random)
          checkPrecondition(count, &random)
        }
      }
    }

    @Test func sumOfSquares() async {
      await #expect(processExitsWith: .success) {
        var random = TestRandom()
        for count in [0, 1, 15, 1023, 1025, 65536 * 3 + 17] {
          let x = Buffer.input(random.normals(count))
          let expected = x.doubles.reduce(0) { $0 + $1 * $1 }
          inEachVariant { variant in
            let actual = apus_sum_of_squares(Int64(count), x.floats)
            #expect(
              (actual - expected).magnitude <= 1e-6 * expected, "seed \(random.seed) \(variant) \(count) elements")
          }
        }
      }
    }
  }
}

private func checkAdamW(_ count: Int, step: Int, _ random: inout TestRandom) {
  var power1 = 1.0
  var power2 = 1.0
  for _ in 0..<step {
    power1 *= 0.9
    power2 *= 0.95
  }
  let scalars = apus_adamw_scalars(
    learning_rate: 3e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1, correction1: Float(1 - power1),
    correction2: Float(1 - power2), gradient_scale: 0.7)
  let weight = random.normals(count)
  // Some gradients are zero: with no second moment only epsilon stands under the line.
  let gradient = Buffer.input(random.normals(count).map { Int.random(in: 0..<9, using: &random) == 0 ? 0 : $0 })
  let first = step == 1 ? Array(repeating: 0, count: count) : random.normals(count, scale: 0.1)
  let second = step == 1 ? Array(repeating: 0, count: count) : random.normals(count).map { $0 * $0 }
  func buffers() -> [Buffer] { [.inOut(weight), .inOut(first), .inOut(second)] }
  let expected = buffers()
  apus_adamw_reference(
    Int64(count), expected[0].floats, gradient.floats, expected[1].floats, expected[2].floats, scalars)
  inEachVariant { variant in
    let actual = buffers()
    apus_adamw(Int64(count), actual[0].floats, gradient.floats, actual[1].floats, actual[2].floats, scalars)
    for (i, name) in ["weight", "first moment", "second moment"].enumerated() {
      compare(
        actual[i], expected[i], Tolerance(absolute: 3e-7, relative: 1e-6),
        "seed \(random.seed) \(variant) AdamW [\(count)] step \(step) \(name)")
    }
  }
}

private let tolerance = Tolerance(absolute: 3e-7, relative: 1e-6)

/// Runs a rule's reference and each variant on copies of `state` and compares all of it.
private func checkRule(
  _ name: String, _ state: [[Float]], _ random: TestRandom, reference: ([Buffer]) -> Void, kernel: ([Buffer]) -> Void
) {
  let expected = state.map { Buffer.inOut($0) }
  reference(expected)
  inEachVariant { variant in
    let actual = state.map { Buffer.inOut($0) }
    kernel(actual)
    for i in state.indices {
      compare(actual[i], expected[i], tolerance, "seed \(random.seed) \(variant) \(name) [\(state[0].count)] array \(i)")
    }
  }
}

private func checkLion(_ count: Int, _ random: inout TestRandom) {
  let s = apus_lion_scalars(learning_rate: 3e-3, beta1: 0.95, beta2: 0.98, weight_decay: 0.1, gradient_scale: 0.7)
  // Where momentum and gradient are both zero, nothing moves.
  let zeros = (0..<count).map { _ in Int.random(in: 0..<9, using: &random) == 0 }
  let gradient = Buffer.input(zip(random.normals(count), zeros).map { $1 ? 0 : $0 })
  let state = [random.normals(count), zip(random.normals(count), zeros).map { $1 ? 0 : $0 }]
  checkRule("Lion", state, random) {
    apus_lion_reference(Int64(count), $0[0].floats, gradient.floats, $0[1].floats, s)
  } kernel: {
    apus_lion(Int64(count), $0[0].floats, gradient.floats, $0[1].floats, s)
  }
}

private func checkAdEMAMix(_ count: Int, _ random: inout TestRandom) {
  let s = apus_ademamix_scalars(
    learning_rate: 3e-3, beta1: 0.9, beta2: 0.999, slow_rate: 1e-4, alpha: 8, epsilon: 1e-8, weight_decay: 0.1,
    correction1: 0.4, correction2: 0.05, gradient_scale: 0.7)
  let gradient = Buffer.input(random.normals(count))
  let state = [
    random.normals(count), random.normals(count, scale: 0.1), random.normals(count, scale: 0.1),
    random.normals(count).map { $0 * $0 },
  ]
  checkRule("AdEMAMix", state, random) {
    apus_ademamix_reference(Int64(count), $0[0].floats, gradient.floats, $0[1].floats, $0[2].floats, $0[3].floats, s)
  } kernel: {
    apus_ademamix(Int64(count), $0[0].floats, gradient.floats, $0[1].floats, $0[2].floats, $0[3].floats, s)
  }
}

private func checkMomentum(_ count: Int, _ random: inout TestRandom) {
  let gradient = Buffer.input(random.normals(count))
  let state = [random.normals(count), Array(repeating: Float.nan, count: count)]
  for nesterov in [false, true] {
    checkRule("momentum", state, random) {
      apus_momentum_reference(Int64(count), gradient.floats, $0[0].floats, $0[1].floats, 0.95, 0.7, nesterov)
    } kernel: {
      apus_momentum(Int64(count), gradient.floats, $0[0].floats, $0[1].floats, 0.95, 0.7, nesterov)
    }
  }
}

private func checkCombination(_ count: Int, _ random: inout TestRandom) {
  let (x, y) = (Buffer.input(random.normals(count)), Buffer.input(random.normals(count)))
  let state = [Array(repeating: Float.nan, count: count)]
  for other in [nil, y.floats] {
    checkRule("combination", state, random) {
      apus_combination_reference(Int64(count), 0.3, x.floats, -2, other, $0[0].floats)
    } kernel: {
      apus_combination(Int64(count), 0.3, x.floats, -2, other, $0[0].floats)
    }
  }
}

private func checkPrecondition(_ count: Int, _ random: inout TestRandom) {
  let (gradient, first) = (Buffer.input(random.normals(count)), Buffer.input(random.normals(count)))
  let state = [random.normals(count).map { $0 * $0 }, Array(repeating: Float.nan, count: count)]
  checkRule("preconditioning", state, random) {
    apus_precondition_reference(
      Int64(count), gradient.floats, first.floats, $0[0].floats, $0[1].floats, 0.95, 0.6, 0.3, 1e-8)
  } kernel: {
    apus_precondition(Int64(count), gradient.floats, first.floats, $0[0].floats, $0[1].floats, 0.95, 0.6, 0.3, 1e-8)
  }
}
