import OrderedCollections

/// Makes the tree of a schema from the footer's list, by the rules for lists of every age.
///
/// Source: apache/parquet-format, LogicalTypes.md, "Lists", "Maps" and their backward-compatibility rules.
struct ParquetSchemaBuilder {
  private static let depthLimit = 60

  private let elements: [ParquetFooter.Element]
  private var next = 1
  private(set) var leaves: [ParquetLeaf] = []

  /// The columns at the top and all leaves under them.
  static func build(_ elements: [ParquetFooter.Element]) throws -> (columns: [ParquetNode], leaves: [ParquetLeaf]) {
    var builder = ParquetSchemaBuilder(elements: elements)
    let columns = try builder.children(elements[0].children ?? 0, of: "", Levels())
    guard builder.next == elements.count else {
      throw ParquetDamage("has a schema of \(elements.count) parts of which \(builder.next) belong to its tree")
    }
    _ = try object(columns, of: "")
    return (columns, builder.leaves)
  }

  private struct Levels {
    var definition = 0
    var repetition = 0
    var depth = 0

    /// Inside a list.
    var repeated: Levels { Levels(definition: definition + 1, repetition: repetition + 1, depth: depth + 1) }
    func inside(_ definition: Int) -> Levels {
      Levels(definition: definition, repetition: repetition, depth: depth + 1)
    }
  }

  private init(elements: [ParquetFooter.Element]) { self.elements = elements }

  private mutating func children(_ count: Int, of path: String, _ levels: Levels) throws -> [ParquetNode] {
    guard count >= 0, count <= elements.count - next else {
      throw ParquetDamage("has a schema whose part \"\(path)\" claims \(count) parts, more than there are")
    }
    var nodes: [ParquetNode] = []
    for _ in 0..<count { nodes.append(try node(under: path, levels, isElement: false)) }
    return nodes
  }

  /// Takes the next element and all under it.
  /// - Parameter isElement: whether it stands for the elements of a list, which its repetition then says no more.
  private mutating func node(under parent: String, _ levels: Levels, isElement: Bool) throws -> ParquetNode {
    guard levels.depth <= Self.depthLimit else {
      throw ParquetDamage("has a schema nested deeper than \(Self.depthLimit) levels")
    }
    guard next < elements.count else { throw ParquetDamage("has a schema that is cut short") }
    let element = elements[next]
    let first = leaves.count
    if element.repetition == 2, !isElement {
      let inner = try node(under: parent, levels.repeated, isElement: true)
      return ParquetNode(
        name: element.name, isOptional: false, definition: levels.definition,
        content: .list(inner, repetition: levels.repetition + 1, definition: levels.definition + 1),
        leaves: first..<leaves.count)
    }
    next += 1
    let path = parent.isEmpty ? element.name : "\(parent).\(element.name)"
    let isOptional = element.repetition == 1 && !isElement
    guard (0...2).contains(element.repetition) else {
      throw ParquetDamage("has the part \"\(path)\" of the unknown repetition \(element.repetition)")
    }
    let definition = levels.definition + (isOptional ? 1 : 0)
    let content = try content(of: element, path, levels.inside(definition))
    return ParquetNode(
      name: element.name, isOptional: isOptional, definition: definition, content: content,
      leaves: first..<leaves.count)
  }

  private mutating func content(
    of element: ParquetFooter.Element, _ path: String, _ levels: Levels
  ) throws -> ParquetNode.Content {
    let count = element.children ?? 0
    if count == 0 {
      guard element.type != nil else {
        throw ParquetDamage("has the part \"\(path)\" that is a structure without parts, which is not read here")
      }
      let type = try ParquetType(element)
      let leaf = ParquetLeaf(
        index: leaves.count, path: path, type: type, meaning: ParquetMeaning(element, type),
        definition: levels.definition, repetition: levels.repetition)
      leaves.append(leaf)
      return .leaf(leaf)
    }
    if isList(element), count == 1, next < elements.count, elements[next].repetition == 2 {
      let inner = try listElement(of: element, path, levels.repeated)
      return .list(inner, repetition: levels.repetition + 1, definition: levels.definition + 1)
    }
    let parts = try children(count, of: path, levels)
    return .structure(parts, try Self.object(parts, of: path))
  }

  /// LIST and MAP, by their logical or their older converted type.
  private func isList(_ element: ParquetFooter.Element) -> Bool {
    element.logical.map { $0 == 2 || $0 == 3 } ?? (1...3).contains(element.converted ?? -1)
  }

  private mutating func listElement(
    of list: ParquetFooter.Element, _ path: String, _ levels: Levels
  ) throws -> ParquetNode {
    let repeated = elements[next]
    let isMap = list.logical.map { $0 == 2 } ?? (list.converted != 3)
    let hasOnePart = repeated.children == 1 && next + 1 < elements.count
    let isThreeLevel =
      !isMap && hasOnePart && elements[next + 1].repetition != 2 && repeated.name != "array"
      && repeated.name != list.name + "_tuple"
    if isThreeLevel {
      next += 1
      return try node(under: "\(path).\(repeated.name)", levels, isElement: false)
    }
    return try node(under: path, levels, isElement: true)
  }

  private static func object(_ parts: [ParquetNode], of path: String) throws -> OrderedDictionary<String, JSON> {
    var members: OrderedDictionary<String, JSON> = [:]
    for part in parts where members.updateValue(.null, forKey: part.name) != nil {
      let owner = path.isEmpty ? "the schema" : "the part \"\(path)\""
      throw ParquetDamage("has two parts \"\(part.name)\" in \(owner)")
    }
    return members
  }
}
