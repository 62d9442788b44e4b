public import Models
public import Tensors

/// Muon (Jordan and others, 2024; Liu and others, "Muon is Scalable for LLM Training", arXiv:2502.16982): momentum
/// whose singular values are made equal, for the matrices inside the model.
///
/// Embeddings, the output head, vectors and what ``adamWParameters`` names are updated by AdamW; ``muonParameters``
/// brings matrices back. Matrices that are stored in one (experts, queries with keys and values) are taken one by one.
public struct Muon: UpdateRule {
  /// What an update is multiplied by, so that matrices of all shapes move alike.
  public enum UpdateScale: String, Sendable, CaseIterable {
    /// `sqrt(max(1, rows / columns))`, Jordan's.
    case original
    /// `0.2 sqrt(max(rows, columns))`, Moonlight's: elements move as far as under AdamW at the same rate.
    case moonlight
    /// `sqrt(rows / columns)`: Bernstein's condition on the spectral norm.
    case spectral

    func factor(rows: Int, columns: Int) -> Double {
      let (rows, columns) = (Double(rows), Double(columns))
      return switch self {
      case .original: max(1, rows / columns).squareRoot()
      case .moonlight: 0.2 * max(rows, columns).squareRoot()
      case .spectral: (rows / columns).squareRoot()
      }
    }
  }

  public static let name = "muon"
  public static let unit = UpdateUnit.matrix
  public static let settings: [RuleSetting<Muon>] = [
    .init("momentum", .number(\.momentum, .decay)), .init("nesterov", .flag(\.nesterov)),
    .init("ns_steps", .integer(\.steps, 1...100)),
    .init("ns_dtype", .choice(\.computeName, [DType.bfloat16.rawValue, DType.float32.rawValue])),
    .init("update_scale", .choice(\.updateScaleName, UpdateScale.allCases.map(\.rawValue))),
    .init("adamw_beta1", .number(\.adamW.beta1, .decay)), .init("adamw_beta2", .number(\.adamW.beta2, .decay)),
    .init("adamw_eps", .number(\.adamW.epsilon, .positive)),
    .init("adamw_learning_rate_factor", .number(\.adamWLearningRateFactor, .positive)),
    .init("adamw_params", .patterns(\.adamWParameters)), .init("muon_params", .patterns(\.muonParameters)),
  ]

  public var momentum = 0.95
  /// Whether the update looks one step ahead of the momentum.
  public var nesterov = true
  /// Iterations of Newton and Schulz.
  public var steps = 5
  /// Type of the iteration's products: bfloat16 or float32.
  public var compute = DType.bfloat16
  public var updateScale = UpdateScale.moonlight
  /// For the other parameters.
  public var adamW = AdamW()
  /// Their learning rate, as a multiple of the run's.
  public var adamWLearningRateFactor = 1.0
  /// Matrices that AdamW updates too.
  public var adamWParameters = NamePatterns.none
  /// Parameters that Muon updates although they are embeddings or the output head.
  public var muonParameters = NamePatterns.none

  public init() {}

  /// ``compute`` as a configuration writes it.
  var computeName: String {
    get { compute.rawValue }
    set { compute = DType(rawValue: newValue) ?? .bfloat16 }
  }
  /// ``updateScale`` as a configuration writes it.
  var updateScaleName: String {
    get { updateScale.rawValue }
    set { updateScale = UpdateScale(rawValue: newValue) ?? .moonlight }
  }

  public func assignment(of parameter: ParameterDeclaration) -> RuleAssignment {
    let isHidden = ![.embedding, .outputHead].contains(parameter.component)
    let isOurs =
      parameter.holdsMatrices
      && (muonParameters.match(parameter.name) || (isHidden && !adamWParameters.match(parameter.name)))
    return isOurs ? RuleAssignment(self) : RuleAssignment(adamW, learningRateFactor: adamWLearningRateFactor)
  }

  /// A matrix whose singular values are all the same changes its outputs alike at every width; only Moonlight's factor
  /// grows with it.
  public func rateFactor(widthMultiplier: Double) -> Double {
    updateScale == .moonlight ? 1 / widthMultiplier.squareRoot() : 1
  }

  public func state(shape: [Int]) -> [StateDeclaration] { [StateDeclaration("momentum_buffer", shape: shape)] }

  public func update(_ piece: UpdatePiece, at step: UpdateStep) {
    let backend = step.execution.backend
    let shape = piece.weight.shape
    let update = Tensor(shape, .float32, in: step.execution.arena)
    backend.momentum(
      gradient: piece.gradient, momentum: piece.state[0], update: update, decay: Float(momentum), nesterov: nesterov,
      gradientScale: Float(step.gradientScale))
    NewtonSchulz.orthogonalize(update, steps: steps, compute: compute, in: step.execution)
    let rate = step.learningRate * updateScale.factor(rows: shape[0], columns: shape[1])
    backend.combine(
      Float(1 - step.learningRate * step.weightDecay), piece.weight, Float(-rate), update, into: piece.weight)
  }
}
