import OrderedCollections

/// A part of a Parquet schema, as the values of JSON that it becomes: a leaf, a structure of parts, or a list.
///
/// Levels are those of Dremel (Melnik et al. 2010): a definition level counts the optional and repeated parts on the
/// way to a leaf that are there, a repetition level the lists whose next element begins.
final class ParquetNode: Sendable {
  enum Content: Sendable {
    case leaf(ParquetLeaf)
    /// Parts with names of their own; the object has all of them, each `null`.
    case structure([ParquetNode], OrderedDictionary<String, JSON>)
    /// A list, the repetition level of its elements and the definition level from which on it has one.
    case list(ParquetNode, repetition: Int, definition: Int)
  }

  let name: String
  let isOptional: Bool
  /// The definition level from which on the part itself is there.
  let definition: Int
  let content: Content
  /// The columns under it.
  let leaves: Range<Int>

  init(name: String, isOptional: Bool, definition: Int, content: Content, leaves: Range<Int>) {
    self.name = name
    self.isOptional = isOptional
    self.definition = definition
    self.content = content
    self.leaves = leaves
  }

  /// What an element of this kind weighs when the entries of a row are counted: an object far more than a number.
  var weight: Int {
    switch content {
    case .leaf, .list: 1
    case .structure(let parts, _): parts.reduce(4) { $0 + $1.weight }
    }
  }

  /// The type in words: "string", "list of int64", "struct of label: string, text: string".
  var typeName: String {
    switch content {
    case .leaf(let leaf): leaf.meaning.rawValue
    case .list(let element, _, _): "list of \(element.typeName)"
    case .structure(let parts, _): "struct of " + parts.map { "\($0.name): \($0.typeName)" }.joined(separator: ", ")
    }
  }
}

/// A column that holds values.
struct ParquetLeaf: Sendable {
  /// Its number among the columns of a row group.
  var index: Int
  /// Names of the parts above it and its own, with dots between.
  var path: String
  var type: ParquetType
  var meaning: ParquetMeaning
  var definition: Int
  var repetition: Int
}

/// How the values of a column lie in the file.
enum ParquetType: Equatable, Sendable {
  case boolean, int32, int64, int96, float, double, bytes
  case fixed(Int)

  /// The number in parquet.thrift.
  var number: Int {
    switch self {
    case .boolean: 0
    case .int32: 1
    case .int64: 2
    case .int96: 3
    case .float: 4
    case .double: 5
    case .bytes: 6
    case .fixed: 7
    }
  }

  init(_ element: ParquetFooter.Element) throws {
    switch element.type {
    case 0: self = .boolean
    case 1: self = .int32
    case 2: self = .int64
    case 3: self = .int96
    case 4: self = .float
    case 5: self = .double
    case 6: self = .bytes
    case 7:
      guard let length = element.length, length > 0 else {
        throw ParquetDamage("has the part \"\(element.name)\" of fixed length without a length above 0")
      }
      self = .fixed(length)
    default:
      throw ParquetDamage(
        "has the part \"\(element.name)\" of the unknown type \(element.type.map(String.init) ?? "none")")
    }
  }

  /// Bytes of a value; `nil` where they differ or are no whole bytes.
  var width: Int? {
    switch self {
    case .boolean, .bytes: nil
    case .int32, .float: 4
    case .int64, .double: 8
    case .int96: 12
    case .fixed(let length): length
    }
  }
}

/// What the values of a column mean, named as users know it.
enum ParquetMeaning: String, Sendable {
  case boolean, int32, int64, uint32, uint64, float16, float, double, string, bytes, decimal, uuid
  case timestamp = "timestamp of 96 bits"

  init(_ element: ParquetFooter.Element, _ type: ParquetType) {
    self =
      switch type {
      case .boolean: .boolean
      case .int32: ParquetMeaning.isUnsigned(element) ? .uint32 : .int32
      case .int64: ParquetMeaning.isUnsigned(element) ? .uint64 : .int64
      case .int96: .timestamp
      case .float: .float
      case .double: .double
      case .bytes, .fixed:
        switch (element.logical, element.converted, type) {
        case (5, _, _), (nil, 5, _): .decimal
        case (1, _, _), (4, _, _), (12, _, _), (nil, 0, _), (nil, 4, _), (nil, 19, _): .string
        case (14, _, .fixed(16)): .uuid
        case (15, _, .fixed(2)): .float16
        default: .bytes
        }
      }
  }

  private static func isUnsigned(_ element: ParquetFooter.Element) -> Bool {
    if element.logical == 10, let isSigned = element.isSigned { return !isSigned }
    return element.logical == nil && (11...14).contains(element.converted ?? -1)
  }
}
