/// Why a Parquet file was refused or could not be written.
public struct ParquetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public var path: String
  /// The column that the problem lies in, if it lies in one.
  public var column: String?
  /// What is wrong.
  public var problem: String

  /// Describes a problem.
  public init(path: String, column: String? = nil, problem: String) {
    self.path = path
    self.column = column
    self.problem = problem
  }

  /// One sentence naming file, column and problem.
  public var description: String {
    if let column { "\(path): the column \"\(column)\" \(problem)" } else { "\(path): \(problem)" }
  }
}

/// What is wrong with some bytes, told by a decoder that knows neither file nor column.
struct ParquetDamage: Error {
  /// The rest of a sentence that begins with what the bytes are.
  var problem: String

  init(_ problem: String) { self.problem = problem }
}
