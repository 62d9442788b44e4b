import OrderedCollections

/// Takes rows apart into columns with levels, the other way round from `ParquetRows`.
struct ParquetShredder {
  let schema: ParquetSchema
  var columns: [ParquetColumnBuffer] = []

  /// - Throws: `ParquetDamage` for a structure without parts, which the format cannot hold, or too deep a nesting.
  init(_ schema: ParquetSchema) throws {
    self.schema = schema
    for (name, kind) in schema.columns { try addColumns(kind, [name], definition: 0, repetition: 0) }
  }

  private mutating func addColumns(
    _ kind: ParquetSchema.Kind, _ path: [String], definition: Int, repetition: Int
  ) throws {
    guard path.count <= 60 else { throw ParquetDamage("cannot hold values nested deeper than 60 levels") }
    switch kind {
    case .list(let element):
      try addColumns(element, path + ["list", "element"], definition: definition + 2, repetition: repetition + 1)
    case .structure(let parts):
      guard !parts.isEmpty else {
        let name = path.joined(separator: ".")
        throw ParquetDamage(
          "cannot hold the column \"\(name)\": its objects have no members, which Parquet has no form for")
      }
      for (name, part) in parts {
        try addColumns(part, path + [name], definition: definition + 1, repetition: repetition)
      }
    default:
      columns.append(
        ParquetColumnBuffer(kind: kind, path: path, definition: definition + 1, repetition: repetition))
    }
  }

  /// Appends a row.
  /// - Throws: `ParquetDamage` when it does not fit the schema; then a part of it may have been taken.
  mutating func append(_ row: JSON) throws {
    guard case .object(let members) = row else {
      throw ParquetDamage("is \(row.kind), where an object with the columns is needed")
    }
    var column = 0
    try append(members, schema.columns, &column, Place())
  }

  /// Where a value stands: the levels that it has when it is `null`, and how many lists are around it.
  private struct Place {
    var definition = 0
    var repetition = 0
    var lists = 0
  }

  private mutating func append(
    _ members: OrderedDictionary<String, JSON>, _ parts: OrderedDictionary<String, ParquetSchema.Kind>,
    _ column: inout Int, _ place: Place
  ) throws {
    var found = 0
    for (name, kind) in parts {
      let value = members[name]
      if value != nil { found += 1 }
      try append(value ?? .null, kind, &column, place)
    }
    if found < members.count, let unknown = members.keys.first(where: { parts[$0] == nil }) {
      throw ParquetDamage("has the member \"\(unknown)\", which its schema does not have")
    }
  }

  /// Appends a value to the columns of its part of the schema, which begin at `column`, and steps over these.
  private mutating func append(
    _ value: JSON, _ kind: ParquetSchema.Kind, _ column: inout Int, _ place: Place
  ) throws {
    var inner = place
    inner.definition += 1
    switch (kind, value) {
    case (_, .null): appendNothing(kind, &column, place)
    case (.list, .array(let items)) where items.isEmpty: appendNothing(kind, &column, inner)
    case (.list(let element), .array(let items)):
      let first = column
      inner.definition += 1
      inner.lists += 1
      for item in items {
        column = first
        try append(item, element, &column, inner)
        inner.repetition = inner.lists
      }
    case (.structure(let parts), .object(let members)): try append(members, parts, &column, inner)
    case (.boolean, _), (.int64, _), (.double, _), (.string, _):
      guard columns[column].append(value, repetition: place.repetition) else { fallthrough }
      column += 1
    default:
      let name = columns[column].path.joined(separator: ".")
      throw ParquetDamage("has \(value.kind) in the column \"\(name)\", where its schema has \(kind.name)")
    }
  }

  private mutating func appendNothing(_ kind: ParquetSchema.Kind, _ column: inout Int, _ place: Place) {
    switch kind {
    case .list(let element): appendNothing(element, &column, place)
    case .structure(let parts): for part in parts.values { appendNothing(part, &column, place) }
    default:
      columns[column].appendLevels(place.definition, place.repetition)
      column += 1
    }
  }
}
