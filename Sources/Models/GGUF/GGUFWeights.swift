public import Formats
public import Tensors

/// The weights of a GGUF file under their Hugging Face names, in the layout of a Hugging Face checkpoint; quantised
/// ones are widened as they are read.
public struct GGUFWeights: WeightSource {
  public let path: String
  private let file: GGUFFile
  private let names: GGUFNames

  /// - Parameter configuration: The model that the file holds, as ``ModelConfiguration/init(gguf:)`` gives it.
  /// - Throws: `GGUFError` for a tensor that this model has no place for.
  public init(_ file: GGUFFile, configuration: ModelConfiguration) throws {
    self.file = file
    path = file.path
    names = GGUFNames(configuration)
    let known = Set(configuration.declarations().compactMap { [names] in names.place(of: $0.name)?.name })
    // The factors of the frequencies follow from the configuration.
    if let stray = file.tensors.keys.first(where: { !known.contains($0) && $0 != GGUFRopeFactors.tensorName }) {
      throw GGUFError(
        path: path, .tensor(stray),
        problem: "has no place in a model of the family \(configuration.family.rawValue) as it is built here")
    }
  }

  public func shape(of name: String) -> [Int]? {
    names.place(of: name).flatMap { file.tensors[$0.name]?.shape }
  }

  public func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws {
    let (tensor, layout) = try place(of: name)
    withExtendedLifetime(file) { tensor.type.decode(file.bytes(of: tensor), into: values) }
    layout.decode(values, shape: tensor.shape)
  }

  public func rows(of name: String) throws -> StoredRows {
    let (tensor, layout) = try place(of: name)
    let matrix = StoredMatrix(
      file: file.files[tensor.part], bytes: file.bytes(of: tensor), type: tensor.type, columns: tensor.shape.last ?? 1)
    switch layout {
    case .same: return matrix.rows
    case .rotaryPairs(let heads):
      let headRows = tensor.shape[0] / heads
      return matrix.rows { $0 / headRows * headRows + GGUFLayout.pairedRow($0 % headRows, half: headRows / 2) }
    case .plusOne: throw WeightError(path: path, tensor: name, problem: "is the weight of a norm, not a matrix")
    }
  }

  private func place(of name: String) throws -> (tensor: GGUFFile.Tensor, layout: GGUFLayout) {
    guard let place = names.place(of: name), let tensor = file.tensors[place.name] else {
      throw WeightError(path: path, tensor: name, problem: "is missing")
    }
    return (tensor, place.layout)
  }
}
