public import Formats
public import Tensors

/// A mixture of experts: a router chooses for each token a few of many small MLPs, whose results are weighted and added
/// up; some may be for all tokens (Switch, arXiv:2101.03961; DeepSeekMoE, arXiv:2401.06066).
public struct ExpertsFeedForward: FeedForwardKind {
  public static let name = "experts"

  /// How experts are chosen and weighted.
  public var router: RouterSpecification
  /// Width of one expert.
  public var width: Int
  /// nil: the model's.
  public var activation: ModelConfiguration.Activation?
  /// Whether logits have a bias.
  public var routerBias = false
  /// Whether both products of every expert have one.
  public var expertBias = false
  /// Width of the MLP that all tokens go through; nil: there is none.
  public var sharedWidth: Int?
  /// Whether that MLP's result is multiplied by the sigmoid of a product with the token (Qwen2-MoE).
  public var sharedGate = false
  /// Whether a token's weights multiply what its experts read, not what they give (Llama 4).
  public var weightsInputs = false
  /// Losses that keep the experts evenly used.
  public var balance = RouterBalance()
  /// Where experts are compared, a bias is added to their scores that every step moves by this much towards an even load
  /// (arXiv:2408.15664); 0: it stays as it is; nil: there is none.
  public var biasUpdateSpeed: Double?

  /// Experts of one width, chosen by a softmax.
  public init(_ router: RouterSpecification, width: Int) {
    self.router = router
    self.width = width
  }

  /// `num_experts`, `num_experts_per_tok` and `width` are needed; what else there is stands in ``settings``.
  public init(_ settings: inout Settings) throws {
    router = RouterSpecification(
      experts: try settings.requiredInteger("num_experts", in: 1...65_536),
      chosen: try settings.requiredInteger("num_experts_per_tok", in: 1...65_536))
    width = try settings.requiredInteger("width")
    activation = try settings.choice("activation", ModelConfiguration.Activation.self)
    if let given = try settings.choice("scoring_func", RouterSpecification.Scores.self) { router.scores = given }
    router.normalizesWeights = try settings.flag("norm_topk_prob") ?? false
    router.scale = Float(try settings.number("routed_scaling_factor") ?? 1)
    router.groups = try settings.integer("n_group", in: 1...65_536) ?? 1
    router.chosenGroups = try settings.integer("topk_group", in: 1...65_536) ?? 1
    routerBias = try settings.flag("router_bias") ?? false
    expertBias = try settings.flag("expert_bias") ?? false
    sharedWidth = try settings.integer("shared_expert_width")
    sharedGate = try settings.flag("shared_expert_gate") ?? false
    weightsInputs = try settings.flag("weight_inputs") ?? false
    let wanted = "a number of 0 or more"
    balance.auxiliaryLoss = try settings.number("aux_loss_coef", wanted) { $0 >= 0 } ?? 0
    if let given = try settings.choice("aux_loss_scope", RouterBalance.Scope.self) { balance.scope = given }
    balance.zLoss = try settings.number("router_z_loss_coef", wanted) { $0 >= 0 } ?? 0
    biasUpdateSpeed = try settings.number("bias_update_speed", wanted) { $0 >= 0 }
  }

  public var settings: [String: JSON] {
    var settings: [String: JSON] = [
      "num_experts": .integer(Int64(router.experts)), "num_experts_per_tok": .integer(Int64(router.chosen)),
      "width": .integer(Int64(width)), "scoring_func": .string(router.scores.rawValue),
      "norm_topk_prob": .bool(router.normalizesWeights), "routed_scaling_factor": .number(Double(router.scale)),
      "n_group": .integer(Int64(router.groups)), "topk_group": .integer(Int64(router.chosenGroups)),
      "router_bias": .bool(routerBias), "expert_bias": .bool(expertBias), "shared_expert_gate": .bool(sharedGate),
      "aux_loss_coef": .number(balance.auxiliaryLoss), "aux_loss_scope": .string(balance.scope.rawValue),
      "router_z_loss_coef": .number(balance.zLoss),
    ]
    if weightsInputs { settings["weight_inputs"] = .bool(true) }
    settings["activation"] = activation.map { .string($0.rawValue) }
    settings["shared_expert_width"] = sharedWidth.map { .integer(Int64($0)) }
    settings["bias_update_speed"] = biasUpdateSpeed.map { .number($0) }
    return settings
  }

  public func check(_ site: LayerSite) throws {
    func error(_ key: String, _ problem: String) -> SettingsError {
      SettingsError(key: "feed_forwards[\(site.layer)].\(key)", problem: problem)
    }
    let r = router
    guard r.chosen <= r.experts else {
      throw error("num_experts_per_tok", "\(r.chosen) exceeds num_experts \(r.experts)")
    }
    guard r.experts % r.groups == 0 else {
      throw error("n_group", "\(r.groups) does not divide num_experts \(r.experts)")
    }
    guard r.chosenGroups <= r.groups else { throw error("topk_group", "\(r.chosenGroups) exceeds n_group \(r.groups)") }
    guard r.chosen <= r.experts / r.groups * r.chosenGroups else {
      throw error("topk_group", "\(r.chosenGroups) groups hold fewer than the \(r.chosen) experts of a token")
    }
    if sharedGate, sharedWidth == nil { throw error("shared_expert_gate", "true needs a shared_expert_width") }
    let widths = Double(r.experts) * Double(width) + Double(sharedWidth ?? 0)
    try site.checkFeedForwardSize(
      parameters: 3 * widths * Double(site.configuration.hiddenSize), tensors: 6 * (r.experts + 1))
  }

  public func declarations(_ site: LayerSite) -> [ParameterDeclaration] {
    let plan = ExpertsPlan(self, site)
    let hidden = site.configuration.hiddenSize
    var list = site.linear(
      [plan.router], rows: [router.experts], columns: hidden, .feedForward, axis: nil, hasBias: routerBias)
    if biasUpdateSpeed != nil {
      list.append(site.vector(plan.choiceBias, router.experts, 0, .feedForward, isOptimized: false))
    }
    let share = Double(router.chosen) / Double(router.experts)
    for expert in 0..<router.experts { list += plan.expert(expert).declarations(site, activeShare: share) }
    if let shared = plan.shared {
      list += shared.declarations(site)
      if sharedGate { list += site.linear([plan.sharedGate], rows: [1], columns: hidden, .feedForward, axis: nil) }
    }
    return list
  }

  public func makeLayer(_ store: ParameterStore, _ site: LayerSite) -> any FeedForwardLayer {
    ExpertsLayer(store, self, site)
  }

  public func keptElements(_ site: LayerSite) -> Int {
    let inputs = (activation ?? site.configuration.activation).isGated ? 3 : 2
    // Logits and scores are float32.
    return inputs * (router.chosen * width + (sharedWidth ?? 0)) + 4 * router.experts
      + (sharedWidth == nil ? 0 : site.configuration.hiddenSize)
  }
}

/// Names and sizes of a layer of experts, as the model's family calls them.
struct ExpertsPlan {
  let router, choiceBias, sharedGate: String
  let shared: MLPPlan?
  private let names: ParameterNames.Experts
  private let kind: ExpertsFeedForward
  private let activation: ModelConfiguration.Activation

  init(_ kind: ExpertsFeedForward, _ site: LayerSite) {
    self.kind = kind
    names = site.names.experts
    activation = kind.activation ?? site.configuration.activation
    router = names.router
    choiceBias = names.choiceBias
    sharedGate = "\(names.layer).shared_expert_gate"
    // The gated one is Qwen2-MoE's, the other DeepSeek's.
    let sharedName = names.shared ?? "\(names.layer).\(kind.sharedGate ? "shared_expert" : "shared_experts")"
    let activation = activation
    shared = kind.sharedWidth.map { MLPPlan(sharedName, width: $0, activation: activation, hasBias: kind.expertBias) }
  }

  func expert(_ number: Int) -> MLPPlan {
    MLPPlan(
      "\(names.layer).experts.\(number)", gate: names.gate, up: names.up, down: names.down, width: kind.width,
      activation: activation, hasBias: kind.expertBias)
  }
}
