public import Tensors

/// Tensors by their Hugging Face names, wherever they are stored: a folder of safetensors, a GGUF file, memory.
public protocol WeightSource: Sendable {
  /// The file or folder, for errors.
  var path: String { get }

  /// The shape of a tensor, outputs first however it is stored; nil where there is none of that name.
  /// - Throws: `WeightError` where what it is a part of is missing or of another shape.
  func shape(of name: String) throws -> [Int]?

  /// Fills `values` with the tensor of that name, which has as many elements.
  /// - Throws: a sentence naming file and tensor where it is missing or of a type that no weights have.
  func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>) throws

  /// The rows of the matrix of that name, for reading some at a time.
  /// - Throws: as ``read(_:into:)``.
  func rows(of name: String) throws -> StoredRows
}

extension WeightSource {
  /// Holds the tensors to those that a model declares.
  /// - Throws: `WeightError` when one is missing or has another shape.
  func check(_ declarations: [ParameterDeclaration]) throws {
    for declaration in declarations { try check(declaration.name, shape: declaration.shape) }
  }

  /// Reads a tensor that must have this shape.
  /// - Throws: `WeightError` when it is missing or has another, or what `read` throws.
  func read(_ name: String, shape: [Int], into values: UnsafeMutableBufferPointer<Float>) throws {
    try check(name, shape: shape)
    try read(name, into: values)
  }

  private func check(_ name: String, shape: [Int]) throws {
    guard let found = try self.shape(of: name) else {
      throw WeightError(path: path, tensor: name, problem: "is missing, which this configuration needs")
    }
    guard found == shape else {
      throw WeightError(
        path: path, tensor: name, problem: "has shape \(found), but this configuration needs \(shape)")
    }
  }
}

/// Why weights could not be read or written: one sentence.
public struct WeightError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file or folder.
  public var path: String
  /// The tensor that the problem lies in.
  public var tensor: String
  /// What is wrong, as the rest of a sentence that begins with the tensor.
  public var problem: String

  /// The sentence.
  public var description: String { "\(path): the tensor \"\(tensor)\" \(problem)" }
}
