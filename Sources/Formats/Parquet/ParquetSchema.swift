public import OrderedCollections

/// What the columns of a file to write hold. Every value may be `null`.
public struct ParquetSchema: Sendable, Equatable {
  /// The type of a column or of a part of it.
  public indirect enum Kind: Sendable, Equatable {
    /// Nothing but `null` so far.
    case nothing
    case boolean
    case int64
    case double
    case string
    case list(Kind)
    case structure(OrderedDictionary<String, Kind>)
  }

  /// The columns in the order of the file.
  public var columns: OrderedDictionary<String, Kind>

  /// Names columns and their types.
  public init(_ columns: OrderedDictionary<String, Kind> = [:]) { self.columns = columns }

  /// The schema that holds all of some rows.
  /// - Throws: `ParquetError` when a row is no object, or rows disagree about a type.
  public init(of rows: [JSON]) throws {
    self.init()
    for (number, row) in rows.enumerated() { try include(row, name: "row \(number)") }
  }

  /// Widens the schema to hold a row too: new columns and parts are added, and whole numbers beside others make doubles.
  /// - Parameter name: what the row is called in messages, as in "questions.jsonl, line 3".
  /// - Throws: `ParquetError` when the row is no object or its types contradict those of earlier rows.
  public mutating func include(_ row: JSON, name: String) throws {
    guard case .object(let members) = row else {
      throw ParquetError(path: name, problem: "the row is \(row.kind), where an object with the columns is needed")
    }
    for (key, value) in members { try Self.widen(&columns[key, default: .nothing], value, path: key, name) }
  }

  private static func widen(_ kind: inout Kind, _ value: JSON, path: String, _ name: String) throws {
    switch (kind, value) {
    case (_, .null), (.boolean, .bool), (.int64, .integer), (.double, .integer), (.double, .number), (.string, .string):
      break
    case (.nothing, .bool): kind = .boolean
    case (.nothing, .integer): kind = .int64
    case (.nothing, .number), (.int64, .number): kind = .double
    case (.nothing, .string): kind = .string
    case (.nothing, .array), (.list, .array):
      var element = Kind.nothing
      if case .list(let known) = kind { element = known }
      for item in value.arrayValue ?? [] { try widen(&element, item, path: "\(path)[]", name) }
      kind = .list(element)
    case (.nothing, .object(let members)), (.structure, .object(let members)):
      var parts: OrderedDictionary<String, Kind> = [:]
      if case .structure(let known) = kind { parts = known }
      for (key, item) in members { try widen(&parts[key, default: .nothing], item, path: "\(path).\(key)", name) }
      kind = .structure(parts)
    default:
      throw ParquetError(path: name, column: path, problem: "is \(value.kind) where earlier rows have \(kind.name)")
    }
  }
}

extension ParquetSchema.Kind {
  /// What it is, with its article.
  var name: String {
    switch self {
    case .nothing: "nothing but null"
    case .boolean: "a boolean"
    case .int64: "a whole number"
    case .double: "a number"
    case .string: "a string"
    case .list: "a list"
    case .structure: "an object"
    }
  }

  /// How a column of it lies in the file; one of nothing is written as numbers of 32 bits, of which there are none.
  var type: ParquetType {
    switch self {
    case .boolean: .boolean
    case .int64: .int64
    case .double: .double
    case .string: .bytes
    case .nothing, .list, .structure: .int32
    }
  }
}
