import Synchronization

/// One weight of a model: an identity with a name, a shape and a place in the flat buffers.
///
/// Trainer and sampler hold the same object. Other forms (packed, quantised, on a device) are derived from the master
/// when they are first needed and stamped with its version. A matrix that only generates may have no master: its forms
/// are then derived from where it is stored.
public final class Parameter: Sendable {
  /// The name in a Hugging Face checkpoint.
  public let name: String
  /// The logical shape of the whole tensor.
  public let shape: [Int]
  /// Where the values are read, of a matrix that has no master.
  public let stored: StoredRows?
  /// float32 gradient, summed over micro-batches; nil for a frozen parameter, which computes none.
  public let gradient: Tensor?

  private let values: Tensor?
  /// Whether the first thing to reach the gradient in this step was a product, which can write it as well as add to it.
  private let beganWithProduct = Atomic<Bool>(false)
  private let stale = Atomic<Bool>(false)

  /// Creates a parameter over memory that a parameter store owns.
  public init(name: String, master: Tensor, gradient: Tensor?) {
    self.name = name
    self.shape = master.shape
    self.values = master
    self.gradient = gradient
    stored = nil
  }

  /// Creates a matrix that stays where it is stored.
  public init(name: String, shape: [Int], stored: StoredRows) {
    precondition(shape.count == 2, "a matrix")
    self.name = name
    self.shape = shape
    self.stored = stored
    (values, gradient) = (nil, nil)
  }

  /// float32 master weights, which a stored matrix has not.
  public var master: Tensor {
    guard let values else { preconditionFailure("\(name) has no master weights: it stays where it is stored") }
    return values
  }

  /// Number of elements.
  public var count: Int { shape.reduce(1, *) }
}

/// The first sum of a step's gradient. Clearing a large one costs as much as writing it, so one that began with a
/// product in the step before is left as it is for the next product to write over.
extension Parameter {
  /// Begins a step: clears the gradient, unless it is to stay as it is for now.
  public func beginGradient(in backend: any Backend) {
    stale.store(true, ordering: .relaxed)
    if !beganWithProduct.exchange(false, ordering: .relaxed) { clearStaleGradient(in: backend) }
  }

  /// Whether the gradient is still that of the step before.
  var isStale: Bool { stale.load(ordering: .relaxed) }

  /// To be called before a product adds to the gradient, or writes it, which it may where the gradient is stale.
  func expectsProduct(writes: Bool, in backend: any Backend) {
    if writes { stale.store(false, ordering: .relaxed) } else { clearStaleGradient(in: backend) }
    beganWithProduct.store(true, ordering: .relaxed)
  }

  /// Clears the gradient where it is stale: before anything but a product adds to it, and where nothing did.
  public func clearStaleGradient(in backend: any Backend) {
    if stale.exchange(false, ordering: .relaxed), let gradient { backend.fillZero(gradient) }
  }
}
