/// How narrow the matrices that write to the residual stream are drawn.
public enum InitializationScaling: String, Sendable, CaseIterable {
  /// `std / sqrt(2 * layers)`, as in GPT-2 and nanotron's `NUM_LAYERS`.
  case depth
  /// `std / sqrt(2 * (layer + 1))` in layer `layer` (from 0), as torchtitan's `depth_init`; nanotron's `LAYER_INDEX`.
  case layerIndex
  /// `std` everywhere.
  case none

  /// What the standard deviation is divided by the root of.
  func divisor(layer: Int, of layers: Int) -> Float {
    switch self {
    case .depth: 2 * Float(max(layers, 1))
    case .layerIndex: 2 * Float(layer + 1)
    case .none: 1
    }
  }
}

/// How a model's first values are drawn.
public struct InitializationScheme: Sendable, Equatable {
  /// At the layers that write to the residual stream.
  public var scaling: InitializationScaling
  /// Normal numbers further from 0 than so many standard deviations are drawn again, so that what is left is a little
  /// narrower than the standard deviation says, as of PyTorch's `trunc_normal_`; nil: none are.
  public var cutoff: Double?
  /// The model's width as a multiple of that of the model that rates were found with, in the maximal update
  /// parametrization (Yang, Hu and others, arXiv:2203.03466, table 8): the matrices of blocks are drawn narrower by its
  /// root, and their ``ParameterDeclaration/widthMultiplier`` is this. 1: the standard parametrization.
  public var widthMultiplier: Double

  /// A scheme; as GPT-2's unless said otherwise.
  public init(scaling: InitializationScaling = .depth, cutoff: Double? = nil, widthMultiplier: Double = 1) {
    self.scaling = scaling
    self.cutoff = cutoff
    self.widthMultiplier = widthMultiplier
  }

  /// Normal numbers of this standard deviation, cut off where the scheme says.
  func normal(standardDeviation: Float) -> ParameterDeclaration.Initialization {
    .normal(standardDeviation: standardDeviation, cutoff: cutoff.map { Float($0) } ?? .infinity)
  }
}
