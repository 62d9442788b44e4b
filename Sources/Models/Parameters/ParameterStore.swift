import Tensors

/// All parameters of a model in flat float32 buffers with fixed offsets.
///
/// One layout serves weights, gradients and optimizer moments: element `i` of each buffer belongs to the same weight.
/// A model that only generates may leave its matrices where they are stored; the buffers then hold the vectors.
public final class ParameterStore: Sendable {
  /// In the order of memory.
  public let declarations: [ParameterDeclaration]
  /// By the same index as the declarations.
  public let parameters: [Parameter]
  /// First element of each parameter in the flat buffers; a stored matrix has none there.
  public let offsets: [Int]
  /// All master weights, `[count]`, less those of stored matrices.
  public let master: Tensor
  /// All gradients, `[count]`; nil for a model that only generates.
  public let gradient: Tensor?
  /// Advanced whenever the weights change.
  public let version = WeightVersion()
  private let byName: [String: Int]
  /// The device's memory, for what belongs to the weights.
  let arena: Arena

  /// Allocates the buffers in the memory of a device; contents are undefined until ``initialize(seed:)`` or a load.
  public convenience init(
    _ declarations: [ParameterDeclaration], trainable: Bool, on backend: any Backend = CPUBackend()
  ) {
    self.init(declarations, stored: [:], trainable: trainable, backend)
  }

  /// Allocates buffers for the vectors, whose contents are undefined until a load; the matrices stay where they are
  /// stored.
  /// - Parameter format: for ``WeightFormat/q8`` the matrices are what Q8_0 holds of the stored ones.
  /// - Throws: a sentence naming file and tensor when one cannot be read.
  public convenience init(
    _ declarations: [ParameterDeclaration], storedIn source: any WeightSource, format: WeightFormat,
    on backend: any Backend = CPUBackend()
  ) throws {
    var stored: [String: StoredRows] = [:]
    for declaration in declarations where declaration.shape.count == 2 {
      let rows = try source.rows(of: declaration.name)
      stored[declaration.name] = format == .q8 ? rows.roundedToQ8(width: declaration.shape[1]) : rows
    }
    self.init(declarations, stored: stored, trainable: false, backend)
  }

  private init(
    _ declarations: [ParameterDeclaration], stored: [String: StoredRows], trainable: Bool, _ backend: any Backend
  ) {
    arena = backend.makeArena()
    var offsets: [Int] = []
    var count = 0
    for declaration in declarations {
      offsets.append(count)
      if stored[declaration.name] == nil { count += declaration.count }
    }
    let master = Tensor([count], .float32, in: arena)
    let gradient = trainable ? Tensor([count], .float32, in: arena) : nil
    self.declarations = declarations
    self.offsets = offsets
    self.master = master
    self.gradient = gradient
    parameters = zip(declarations, offsets).map { declaration, offset in
      if let rows = stored[declaration.name] {
        return Parameter(name: declaration.name, shape: declaration.shape, stored: rows)
      }
      func view(_ flat: Tensor) -> Tensor {
        Tensor(storage: flat.storage, byteOffset: offset * 4, shape: declaration.shape, dtype: .float32)
      }
      return Parameter(name: declaration.name, master: view(master), gradient: gradient.map(view))
    }
    byName = Dictionary(uniqueKeysWithValues: declarations.enumerated().map { ($1.name, $0) })
  }

  /// Number of weights.
  public var count: Int { declarations.reduce(0) { $0 + $1.count } }

  /// The parameter of that name.
  public func parameter(_ name: String) -> Parameter? { byName[name].map { parameters[$0] } }

  /// Draws every parameter's first values from a stream of its own, so that they depend on seed and name only. No
  /// matrix may be stored elsewhere.
  public func initialize(seed: UInt64) {
    for (declaration, parameter) in zip(declarations, parameters) {
      parameter.master.write { host in
        switch declaration.initialization {
        case .constant(let value): host.floats.update(repeating: value)
        case .values(let values): for i in 0..<host.count { host.floats[i] = values[i % values.count] }
        case .normal(let std, let cutoff):
          Philox(seed: seed, purpose: "initialization/" + declaration.name)
            .fillNormal(host.floats, standardDeviation: std, cutoff: cutoff)
        }
      }
    }
    version.advance()
  }

  /// Replaces every matrix by what GGUF's Q8_0 holds of it, so that prompts and answers see the same weights; rows that
  /// blocks of 32 do not fill stay as they are.
  public func roundToQ8(in execution: Execution) {
    for parameter in parameters where parameter.shape.count == 2 && parameter.shape[1] % 32 == 0 {
      execution.backend.roundToQ8(parameter.master)
    }
    version.advance()
  }

  /// Begins a step's gradients at zero, or where products write them first, at what these write.
  public func beginGradients(in execution: Execution) {
    for parameter in parameters { parameter.beginGradient(in: execution.backend) }
  }

  /// Clears what nothing has written since the step's gradients began: to be called after the first backward pass.
  public func settleGradients(in execution: Execution) {
    for parameter in parameters { parameter.clearStaleGradient(in: execution.backend) }
  }

  /// The parameters of those names as one matrix; they must be neighbours in memory.
  func matrix(_ names: [String]) -> WeightMatrix {
    WeightMatrix(names.map(required), version: version, arena: arena)
  }

  /// The weights of the layer, or of neighbours in memory that are multiplied as one.
  public func weights(_ layers: [String]) -> WeightMatrix { matrix(layers.map { "\($0).weight" }) }

  /// Some rows of a layer's weights, which are not trained by this view.
  func rows(_ rows: Range<Int>, of layer: String) -> WeightMatrix {
    let whole = required("\(layer).weight")
    let part =
      whole.stored.map { Parameter(name: whole.name, shape: [rows.count, whole.shape[1]], stored: $0.part(rows)) }
      ?? Parameter(name: whole.name, master: whole.master[rows: rows], gradient: nil)
    return WeightMatrix([part], version: version, arena: arena)
  }

  /// Their biases.
  public func biases(_ layers: [String]) -> WeightVector { WeightVector(layers.map { required("\($0).bias") }) }

  /// A parameter that the declarations are known to hold.
  public func required(_ name: String) -> Parameter {
    guard let parameter = parameter(name) else { preconditionFailure("\(name) is not declared") }
    return parameter
  }
}
