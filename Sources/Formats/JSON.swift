public import OrderedCollections

/// A JSON value (RFC 8259). Objects keep the order of their members.
///
/// Whole numbers that fit `Int64` are `integer`, all others `number`. Keys follow Swift's string equality, so two keys
/// that differ in bytes but are canonically equivalent Unicode cannot stand in one object; the parser refuses such a
/// file instead of losing a member.
public enum JSON: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(OrderedDictionary<String, JSON>)
}

extension JSON {
  /// What kind of value this is, with its article, for messages: "a string", "an object".
  public var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "a whole number"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The boolean, or `nil` for any other kind.
  public var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The whole number, also when it is written as `1.0` or `1e3`; `nil` for any other kind.
  public var int64Value: Int64? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The whole number as `Int`, also when it is written as `1.0` or `1e3`; `nil` for any other kind.
  public var intValue: Int? { int64Value.flatMap { Int(exactly: $0) } }

  /// The number, whole or not; `nil` for any other kind.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The string, or `nil` for any other kind.
  public var stringValue: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// The elements, or `nil` for any other kind.
  public var arrayValue: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  /// The members, or `nil` for any other kind.
  public var objectValue: OrderedDictionary<String, JSON>? {
    guard case .object(let value) = self else { return nil }
    return value
  }

  /// The member `key` of an object; `nil` when it is missing or this is no object.
  ///
  /// Assigning to a value that is no object makes it one; assigning `nil` removes the member.
  public subscript(key: String) -> JSON? {
    get {
      guard case .object(let members) = self else { return nil }
      return members[key]
    }
    set {
      var members: OrderedDictionary<String, JSON> = [:]
      if case .object(let current) = self { members = current }
      self = .null
      members[key] = newValue
      self = .object(members)
    }
  }

  /// The element at `index` of an array; `nil` outside its bounds or when this is no array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}
