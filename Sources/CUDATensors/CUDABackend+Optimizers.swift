import CUDARuntime
import Tensors

extension CUDABackend {
  public func adamW(
    weight: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, scalars: AdamWScalars
  ) {
    launchRule(
      "adamw", [weight, gradient, firstMoment, secondMoment], weight, gradient, firstMoment, secondMoment, weight.count,
      scalars.beta1, scalars.beta2, scalars.epsilon, 1 - scalars.learningRate * scalars.weightDecay,
      scalars.learningRate / scalars.corrections.0, 1 / scalars.corrections.1.squareRoot(), scalars.gradientScale)
  }

  public func lion(weight: Tensor, gradient: Tensor, momentum: Tensor, scalars: LionScalars) {
    launchRule(
      "lion", [weight, gradient, momentum], weight, gradient, momentum, weight.count, scalars.learningRate,
      scalars.beta1, scalars.beta2, 1 - scalars.learningRate * scalars.weightDecay, scalars.gradientScale)
  }

  public func adEMAMix(
    weight: Tensor, gradient: Tensor, fastMoment: Tensor, slowMoment: Tensor, secondMoment: Tensor,
    scalars: AdEMAMixScalars
  ) {
    launchRule(
      "ademamix", [weight, gradient, fastMoment, slowMoment, secondMoment], weight, gradient, fastMoment, slowMoment,
      secondMoment, weight.count, scalars.learningRate, scalars.beta1, scalars.beta2, scalars.slowRate, scalars.alpha,
      scalars.epsilon, 1 - scalars.learningRate * scalars.weightDecay, 1 / scalars.corrections.0,
      1 / scalars.corrections.1.squareRoot(), scalars.gradientScale)
  }

  public func momentum(
    gradient: Tensor, momentum: Tensor, update: Tensor, decay: Float, nesterov: Bool, gradientScale: Float
  ) {
    launchRule(
      "momentum", [gradient, momentum, update], gradient, momentum, update, gradient.count, nesterov, decay,
      gradientScale)
  }

  public func combine(_ a: Float, _ x: Tensor, _ b: Float, _ y: Tensor?, into output: Tensor) {
    launchRule("combine", [x, y ?? x, output], x, y, output, x.count, a, b)
  }

  public func precondition(
    gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, output: Tensor, beta2: Float,
    corrections: (Float, Float), epsilon: Float
  ) {
    launchRule(
      "precondition", [gradient, firstMoment, secondMoment, output], gradient, firstMoment, secondMoment, output,
      gradient.count, beta2, 1 / corrections.0, 1 / corrections.1.squareRoot(), epsilon)
  }

  /// A kernel of `optimizer.cu` over all elements of `tensors`, which have as many each.
  private func launchRule<each Argument: KernelArgument>(
    _ kernel: String, _ tensors: [Tensor], _ arguments: repeat each Argument
  ) {
    let width = RunWidth.of(.float32, tensors)
    launch(
      kernel, in: .optimizer, nil, defines: ["WIDTH": width], blocks: blocks(for: tensors[0].count, per: 256 * width),
      threads: 256, repeat each arguments)
  }
}
