import Tensors

/// A router and its experts.
struct ExpertsLayer: FeedForwardLayer {
  private let layer: Int
  private let kind: ExpertsFeedForward
  private let activation: ModelConfiguration.Activation
  private let router: WeightMatrix
  private let routerBias: WeightVector?
  private let choiceBias: Parameter?
  private let experts: ExpertWeights
  private let shared: MLP?
  private let sharedGate: WeightMatrix?

  init(_ store: ParameterStore, _ kind: ExpertsFeedForward, _ site: LayerSite) {
    let plan = ExpertsPlan(kind, site)
    let plans = (0..<kind.router.experts).map(plan.expert)
    layer = site.layer
    self.kind = kind
    activation = kind.activation ?? site.configuration.activation
    router = store.weights([plan.router])
    routerBias = kind.routerBias ? store.biases([plan.router]) : nil
    choiceBias = kind.biasUpdateSpeed == nil ? nil : store.required(plan.choiceBias)
    experts = ExpertWeights(
      inputs: plans.map { store.weights($0.inputs) },
      inputBiases: kind.expertBias ? plans.map { store.biases($0.inputs) } : nil,
      outputs: plans.map { store.weights([$0.output]) },
      outputBiases: kind.expertBias ? plans.map { store.biases([$0.output]) } : nil)
    shared = plan.shared.map { MLP(store, $0) }
    sharedGate = kind.sharedGate ? store.weights([plan.sharedGate]) : nil
  }

  func forward(_ x: Variable, on tape: inout Tape) -> Variable {
    let routing = tape.route(
      x, router, bias: routerBias, choiceBias: choiceBias?.master, kind.router, balance: kind.balance, layer: layer)
    let routed = tape.experts(x, routing, experts, activation: activation.kernel, weightsInputs: kind.weightsInputs)
    guard let shared else { return routed }
    var common = shared.forward(x, on: &tape)
    if let sharedGate { common = tape.gateRows(common, by: tape.linear(x, sharedGate)) }
    return tape.add(routed, common)
  }

  func balance(_ load: RouterLoad) {
    guard let bias = choiceBias?.master, let speed = kind.biasUpdateSpeed, speed > 0 else { return }
    var values = bias.toFloats()
    let mean = Double(load.counts.reduce(0, +)) / Double(load.counts.count)
    for (expert, count) in load.counts.enumerated() {
      let missing = mean - Double(count)
      if missing != 0 { values[expert] += Float(missing > 0 ? speed : -speed) }
    }
    bias.write { _ = $0.floats.update(fromContentsOf: values) }
  }
}
