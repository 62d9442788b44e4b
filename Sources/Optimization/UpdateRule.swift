public import Models
public import Tensors

/// What an optimizer updates at a time; a sharded run may cut between units, never inside one.
public enum UpdateUnit: Sendable {
  /// Every element for itself: neighbouring parameters are updated in one pass.
  case element
  /// A whole matrix.
  case matrix
}

/// How gradients change weights.
///
/// An optimizer is one file with a conforming type and its line in ``OptimizerCatalog``: configuration, checkpoints,
/// memory forecast and resuming read what it declares here.
public protocol UpdateRule: Sendable, Equatable {
  /// The name in `optimizer_factory.name`.
  static var name: String { get }
  /// The keys of `optimizer_factory` beside the name.
  static var settings: [RuleSetting<Self>] { get }
  /// What it updates at a time.
  static var unit: UpdateUnit { get }
  /// The rule with every setting at its default.
  init()

  /// Which rule updates a parameter, this one unless said otherwise: Muon leaves what is no hidden matrix to AdamW.
  func assignment(of parameter: ParameterDeclaration) -> RuleAssignment
  /// What the rate of a matrix is multiplied by that has `widthMultiplier` times the inputs of the model that the rate was
  /// found with, so that what the matrix gives changes as much as there: 1 over it where every element moves by the rate.
  func rateFactor(widthMultiplier: Double) -> Double
  /// What is kept between steps of a parameter, or of one matrix, of this shape. Everything begins at zero.
  func state(shape: [Int]) -> [StateDeclaration]
  /// Updates a piece's weights and state.
  func update(_ piece: UpdatePiece, at step: UpdateStep)
}

extension UpdateRule {
  public func assignment(of parameter: ParameterDeclaration) -> RuleAssignment { RuleAssignment(self) }

  /// As in table 8 of arXiv:2203.03466 for Adam.
  public func rateFactor(widthMultiplier: Double) -> Double { 1 / widthMultiplier }

  /// Whether `other` is the same rule with the same settings.
  public func isEqual(to other: any UpdateRule) -> Bool { other as? Self == self }
}

/// A rule, and how the learning rate of its parameters stands to the run's.
public struct RuleAssignment: Sendable {
  public var rule: any UpdateRule
  public var learningRateFactor: Double

  /// Assigns a rule.
  public init(_ rule: any UpdateRule, learningRateFactor: Double = 1) {
    self.rule = rule
    self.learningRateFactor = learningRateFactor
  }
}

/// One float32 tensor of an optimizer's state. Its name is that of a checkpoint's file.
public struct StateDeclaration: Sendable, Equatable {
  public var name: String
  public var shape: [Int]

  /// Declares a tensor.
  public init(_ name: String, shape: [Int]) {
    self.name = name
    self.shape = shape
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
}

/// What a rule updates in one call: `[count]` of neighbouring parameters, or one matrix `[rows, columns]`.
public struct UpdatePiece: Sendable {
  /// float32 master weights.
  public let weight: Tensor
  /// float32, of the same shape.
  public let gradient: Tensor
  /// In the order in which the rule declares them.
  public let state: [Tensor]
}

/// The scalars of one step for one piece.
public struct UpdateStep: Sendable {
  /// Updates since the state began, this one included: counts from 1.
  public let number: Int
  public let learningRate: Double
  public let weightDecay: Double
  /// Multiplies every gradient: clipping.
  public let gradientScale: Double
  public let execution: Execution
}
