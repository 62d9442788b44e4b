import Formats
import Models
import OrderedCollections
import Yams

/// A mapping of a task file, which knows where it stands and names what is wrong in it.
struct TaskNode {
  /// The file or built-in task, and the key.
  let place: String
  let members: OrderedDictionary<String, JSON>

  /// Values that one file may hold; aliases make small files huge.
  private static let limit = 20_000

  /// Reads a file of YAML, whose top must be a mapping.
  /// - Throws: `EvaluationError` naming the file and the line.
  static func parse(_ yaml: String, name: String) throws -> TaskNode {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch {
      let line = "\(error)".split(whereSeparator: \.isNewline).first.map(String.init) ?? "unreadable"
      throw EvaluationError(name, "is not valid YAML: \(line)")
    }
    var left = limit
    guard let root, case .object(let members) = try json(root, name, &left, depth: 0) else {
      throw EvaluationError(name, "holds no mapping; a task file begins with \"task: NAME\"")
    }
    return TaskNode(place: name, members: members)
  }

  private static func json(_ node: Node, _ name: String, _ left: inout Int, depth: Int) throws -> JSON {
    left -= 1
    guard left > 0, depth < 32 else {
      throw EvaluationError(name, "is nested too deeply or holds more than \(limit) values")
    }
    switch node {
    case .scalar(let scalar):
      guard scalar.style == .plain else { return .string(scalar.string) }
      if let value = Bool.construct(from: scalar) { return .bool(value) }
      if let value = Int64(scalar.string) { return .integer(value) }
      if let value = Double(scalar.string), value.isFinite { return .number(value) }
      return ["", "~", "null"].contains(scalar.string) ? .null : .string(scalar.string)
    case .sequence(let sequence):
      return .array(try sequence.map { try json($0, name, &left, depth: depth + 1) })
    case .mapping(let mapping):
      var members: OrderedDictionary<String, JSON> = [:]
      for (key, value) in mapping {
        guard let key = key.scalar?.string else { throw EvaluationError(name, "has a key that is not a text") }
        members[key] = try json(value, name, &left, depth: depth + 1)
      }
      return .object(members)
    case .alias: throw EvaluationError(name, "has an alias without its anchor")
    }
  }

  /// Refuses keys that mean nothing here.
  func allow(_ keys: [String]) throws {
    for key in members.keys where !keys.contains(key) {
      let meant = nearestName(to: key, in: keys).map { "; did you mean \"\($0)\"?" } ?? ""
      throw EvaluationError(place, "has the unknown key \"\(key)\"\(meant)")
    }
  }

  /// The same mapping with those of `other` in place of its own.
  func overridden(by other: TaskNode) -> TaskNode {
    TaskNode(place: other.place, members: members.merging(other.members) { $1 })
  }

  func problem(_ key: String, _ text: String) -> EvaluationError { EvaluationError("\(place), \(key):", text) }

  func value(_ key: String) -> JSON? { members[key].flatMap { $0.isNull ? nil : $0 } }

  func string(_ key: String) throws -> String? {
    switch value(key) {
    case nil: return nil
    case .string(let text)?: return text
    case .integer(let number)?: return "\(number)"
    case let other?: throw problem(key, "is \(other.kind); it must be a text")
    }
  }

  func required(_ key: String) throws -> String {
    guard let text = try string(key) else { throw problem(key, "is missing") }
    return text
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.intValue, range.contains(number) else {
      throw problem(key, "is \(value); it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func number(_ key: String, _ range: ClosedRange<Double>) throws -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.doubleValue, range.contains(number) else {
      throw problem(key, "is \(value); it must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func bool(_ key: String) throws -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.boolValue else { throw problem(key, "is \(value); it must be true or false") }
    return flag
  }

  /// A list of texts; a single text is a list of one.
  func strings(_ key: String) throws -> [String]? {
    switch value(key) {
    case nil: return nil
    case .string(let text)?: return [text]
    case .array(let items)?:
      return try items.map { item in
        switch item {
        case .string(let text): return text
        case .integer(let number): return "\(number)"
        default: throw problem(key, "holds \(item.kind); all its elements must be texts")
        }
      }
    case let other?: throw problem(key, "is \(other.kind); it must be a list of texts")
    }
  }

  func mapping(_ key: String) throws -> TaskNode? {
    guard let value = value(key) else { return nil }
    guard case .object(let members) = value else { throw problem(key, "is \(value.kind); it must be a mapping") }
    return TaskNode(place: "\(place), \(key)", members: members)
  }

  /// One of some names.
  func choice<Name: RawRepresentable & CaseIterable>(_ key: String) throws -> Name? where Name.RawValue == String {
    guard let text = try string(key) else { return nil }
    guard let name = Name(rawValue: text) else {
      throw problem(key, "is \"\(text)\"; it must be one of \(Name.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return name
  }
}
