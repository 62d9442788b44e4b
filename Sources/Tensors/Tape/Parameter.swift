/// One weight of a model: an identity with a name, a shape and a place in the flat buffers.
///
/// Trainer and sampler hold the same object. Other forms (packed, quantised, on a device) are derived from the master
/// when they are first needed and stamped with its version.
public final class Parameter: Sendable {
  /// The name in a Hugging Face checkpoint.
  public let name: String
  /// The logical shape of the whole tensor.
  public let shape: [Int]
  /// float32 master weights.
  public let master: Tensor
  /// float32 gradient, summed over micro-batches; nil for a frozen parameter, which computes none.
  public let gradient: Tensor?

  /// Creates a parameter over memory that a parameter store owns.
  public init(name: String, master: Tensor, gradient: Tensor?) {
    self.name = name
    self.shape = master.shape
    self.master = master
    self.gradient = gradient
  }
}
