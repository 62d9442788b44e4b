/// What a model needs of one parameter before any memory exists.
public struct ParameterDeclaration: Sendable, Equatable {
  /// How a parameter's first values are drawn.
  public enum Initialization: Sendable, Equatable {
    /// Every element the same.
    case constant(Float)
    /// Independent normal numbers of mean 0, those beyond `cutoff` standard deviations drawn again.
    case normal(standardDeviation: Float, cutoff: Float = .infinity)
    /// These numbers, again and again.
    case values([Float])
  }

  /// Which part of the model a parameter belongs to, for tables of counts.
  public enum Component: String, Sendable, CaseIterable {
    case embedding, attention, feedForward, norm, outputHead
  }

  /// Name in a Hugging Face checkpoint, or what it would be called there if it were not a part of something.
  public let name: String
  /// Logical shape, rows being outputs.
  public let shape: [Int]
  /// First values.
  public let initialization: Initialization
  /// Dimension that tensor parallelism divides; nil: every rank holds all of it.
  public let shardAxis: Int?
  /// The part of the model.
  public let component: Component
  /// Rows of each of the matrices that stand one above another in it (queries, keys and values in one); nil: it is one
  /// matrix, or of three dimensions one for each index of the first. Optimizers of matrices take each for itself.
  public var fusedRows: [Int]?
  /// Where checkpoints hold it; nil: as a tensor of its name and shape.
  public var stored: StoredPlace?
  /// The part of it that one token is multiplied with, on average: less than 1 for the matrices of experts.
  public let activeShare: Double
  /// Whether optimizers change it: a router's balancing bias is none of theirs, has no gradient and must not decay.
  public let isOptimized: Bool
  /// How many times as many inputs it has as in the model that rates were found with: what makes optimizers change their
  /// rate in the maximal update parametrization (``InitializationScheme/widthMultiplier``).
  public var widthMultiplier = 1.0

  /// Declares a parameter.
  public init(
    name: String, shape: [Int], initialization: Initialization, shardAxis: Int?, component: Component,
    fusedRows: [Int]? = nil, activeShare: Double = 1, isOptimized: Bool = true
  ) {
    self.name = name
    self.shape = shape
    self.initialization = initialization
    self.shardAxis = shardAxis
    self.component = component
    self.fusedRows = fusedRows
    self.activeShare = activeShare
    self.isOptimized = isOptimized
  }

  /// The shape of the tensor that holds it in a checkpoint.
  public var storedShape: [Int] { stored?.shape ?? shape }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
}
