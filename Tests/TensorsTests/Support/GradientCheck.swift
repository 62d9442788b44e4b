import Tensors
import Testing
import TestSupport

/// A differentiable function of inputs and weights, as the tests see it.
struct DifferentiableFunction {
  /// A scalar in double and how to go back from it.
  struct Result {
    var loss: Double
    var gradients: [(Variable, gradient: Tensor)]
  }

  let weights: TestWeights
  /// Values and shapes of the inputs.
  let inputs: [(values: [Float], shape: [Int])]
  let body: (inout Tape, [Variable]) -> Result

  /// A function whose loss is the sum of its outputs weighted with fixed random numbers.
  init(
    weights: TestWeights, inputs: [(values: [Float], shape: [Int])], seed: UInt64,
    outputs: @escaping (inout Tape, [Variable]) -> [Variable]
  ) {
    self.init(weights: weights, inputs: inputs) { tape, variables in
      var random = TestRandom(seed: seed)
      var result = Result(loss: 0, gradients: [])
      for output in outputs(&tape, variables) {
        let tensor = output.tensor
        let coefficients = random.normals(tensor.count).map { BFloat16.float(BFloat16.bits($0)) }
        for (c, x) in zip(coefficients, tensor.toFloats()) { result.loss += Double(c) * Double(x) }
        let gradient = Tensor(coefficients, shape: tensor.shape, dtype: tensor.dtype, in: tape.execution.arena)
        result.gradients.append((output, gradient: gradient))
      }
      return result
    }
  }

  init(
    weights: TestWeights, inputs: [(values: [Float], shape: [Int])],
    body: @escaping (inout Tape, [Variable]) -> Result
  ) {
    self.weights = weights
    self.inputs = inputs
    self.body = body
  }

  private func run(_ values: [[Float]], _ execution: Execution, recording: Bool) -> (Tape, [Variable], Result) {
    var tape = Tape(execution, recording: recording)
    let variables = zip(values, inputs).map { values, input in
      tape.variable(Tensor(values, shape: input.shape, dtype: execution.compute, in: execution.arena))
    }
    let result = body(&tape, variables)
    return (tape, variables, result)
  }

  func loss(_ values: [[Float]], _ execution: Execution) -> Double {
    weights.version.advance()
    return run(values, execution, recording: false).2.loss
  }

  /// Gradients of the inputs, then of the parameters.
  func gradients(_ execution: Execution) -> [[Double]] {
    weights.version.advance()
    weights.resetGradients()
    var (tape, variables, result) = run(inputs.map(\.values), execution, recording: true)
    let ofInputs = tape.backward(from: result.gradients, to: variables)
    return zip(ofInputs, inputs).map { gradient, input in
      gradient?.toFloats().map { Double($0) } ?? Array(repeating: 0, count: input.values.count)
    } + weights.parameters.map { weights.added(to: $0) }
  }

  /// Compares the tape's float32 gradients with differences of the loss.
  ///
  /// Five points a derivative, `(8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h`: its error of fourth order allows a step
  /// so wide that the rounding of the forward pass, divided by it, stays small. What is left of both is compared with
  /// the size of the tensor's gradient.
  func checkByDifferences(
    step h: Double = 0.02, tolerance: Double = 1e-3, samples: Int = 40, _ label: String, _ random: inout TestRandom,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let execution = Execution(compute: .float32)
    let analytic = gradients(execution)
    var values = inputs.map(\.values)
    func check(_ name: String, _ gradient: [Double], change: (_ index: Int, _ by: Double) -> Void) {
      let size = (gradient.reduce(0) { $0 + $1 * $1 } / Double(max(gradient.count, 1))).squareRoot()
      let indices =
        gradient.count <= samples
        ? Array(gradient.indices) : (0..<samples).map { _ in Int.random(in: gradient.indices, using: &random) }
      for i in indices {
        func f(_ by: Double) -> Double {
          change(i, by)
          defer { change(i, 0) }
          return loss(values, execution)
        }
        let numeric = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
        let allowed = tolerance * (size + numeric.magnitude) + 1e-5
        if !((gradient[i] - numeric).magnitude <= allowed) {
          Issue.record(
            "seed \(random.seed) \(label), \(name)[\(i)]: \(gradient[i]), by differences \(numeric) (rms \(size))",
            sourceLocation: sourceLocation)
        }
      }
    }
    for (k, input) in inputs.enumerated() {
      check("input \(k)", analytic[k]) { values[k][$0] = Float(Double(input.values[$0]) + $1) }
    }
    for (parameter, gradient) in zip(weights.parameters, analytic.dropFirst(inputs.count)) {
      let original = Array(parameter.master.floats)
      check(parameter.name, gradient) { parameter.master.floats[$0] = Float(Double(original[$0]) + $1) }
    }
  }

  /// Compares gradients in bf16 with those in float32, tensor by tensor, in the Euclidean norm.
  func checkBFloat16(
    tolerance: Double = 1e-2, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let exact = gradients(Execution(compute: .float32))
    let rounded = gradients(Execution(compute: .bfloat16))
    for (i, (a, e)) in zip(rounded, exact).enumerated() {
      let distance = relativeDistance(a, e)
      #expect(distance <= tolerance, "\(label): gradient \(i)", sourceLocation: sourceLocation)
    }
  }
}
