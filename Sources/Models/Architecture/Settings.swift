public import Formats

/// What is wrong with the settings of an architecture: one sentence with the place, the key and what would be right.
public struct SettingsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The path of keys to the setting, such as `mixers[1].heads`.
  public var key: String
  public var problem: String

  public init(key: String, problem: String) {
    (self.key, self.problem) = (key, problem)
  }

  public var description: String { "\(key): \(problem)" }
}

/// Typed reading of a mapping of settings, in which a key that nobody reads is an error.
public struct Settings {
  private let path: String
  private let members: [(key: String, value: JSON)]
  private var known: Set<String> = []

  /// Reads `json`, which must be an object, at `path`.
  public init(_ json: JSON, path: String) throws(SettingsError) {
    guard let members = json.objectValue else {
      throw SettingsError(key: path, problem: "this is \(json.kind), not a mapping of keys")
    }
    self.path = path
    self.members = members.map { ($0.key, $0.value) }
  }

  /// The path of a key.
  public func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// An error at a key.
  public func error(_ key: String, _ problem: String) -> SettingsError {
    SettingsError(key: path(key), problem: problem)
  }

  /// The value under a key, which counts as read; nil where it is missing or null.
  public mutating func value(_ key: String) -> JSON? {
    known.insert(key)
    return members.first { $0.key == key && !$0.value.isNull }?.value
  }

  /// Whether the key is given as null, which then counts as read.
  public mutating func isNull(_ key: String) -> Bool {
    guard members.contains(where: { $0.key == key && $0.value.isNull }) else { return false }
    known.insert(key)
    return true
  }

  /// A whole number in `range`, or nil.
  public mutating func integer(_ key: String, in range: ClosedRange<Int> = 1...(1 << 30)) throws(SettingsError) -> Int? {
    guard let given = value(key) else { return nil }
    guard let number = given.intValue, range.contains(number) else {
      throw error(
        key, "\(given.serializedString()) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A whole number in `range` that must be given.
  public mutating func requiredInteger(
    _ key: String, in range: ClosedRange<Int> = 1...(1 << 30)
  ) throws(SettingsError) -> Int {
    guard let number = try integer(key, in: range) else { throw error(key, "missing; a whole number is needed") }
    return number
  }

  /// A finite number for which `isRight` holds, or nil.
  public mutating func number(
    _ key: String, _ wanted: String = "a number above 0", where isRight: (Double) -> Bool = { $0 > 0 }
  ) throws(SettingsError) -> Double? {
    guard let given = value(key) else { return nil }
    guard let number = given.doubleValue, number.isFinite, isRight(number) else {
      throw error(key, "\(given.serializedString()) is not \(wanted)")
    }
    return number
  }

  /// true or false, or nil.
  public mutating func flag(_ key: String) throws(SettingsError) -> Bool? {
    guard let given = value(key) else { return nil }
    guard let flag = given.boolValue else { throw error(key, "\(given.serializedString()) is not true or false") }
    return flag
  }

  /// One of the words of a choice, or nil.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String, _ type: Choice.Type
  ) throws(SettingsError) -> Choice? {
    try word(key, among: Choice.allCases.map(\.rawValue)).flatMap(Choice.init)
  }

  /// One of some words, or nil.
  public mutating func word(_ key: String, among words: [String]) throws(SettingsError) -> String? {
    guard let given = value(key) else { return nil }
    guard let word = given.stringValue, words.contains(word) else {
      let meant = given.stringValue.flatMap { nearestName(to: $0, in: words) }.map { "; did you mean '\($0)'?" } ?? ""
      throw error(key, "\(given.serializedString()) is not one of \(words.joined(separator: ", "))\(meant)")
    }
    return word
  }

  /// The elements of a list, with their paths, or nil.
  public mutating func list(_ key: String) throws(SettingsError) -> [(path: String, value: JSON)]? {
    guard let given = value(key) else { return nil }
    guard let list = given.arrayValue else { throw error(key, "this is \(given.kind), not a list") }
    return list.enumerated().map { ("\(path(key))[\($0.offset)]", $0.element) }
  }

  /// So many finite numbers, or nil.
  public mutating func numbers(_ key: String, count: Int) throws(SettingsError) -> [Double]? {
    guard let given = value(key) else { return nil }
    guard let numbers = given.arrayValue?.compactMap(\.doubleValue), numbers.count == count,
      given.arrayValue?.count == count, numbers.allSatisfy(\.isFinite)
    else { throw error(key, "\(given.serializedString()) is not a list of \(count) numbers") }
    return numbers
  }

  /// The kind that the mapping names by its `kind`, with its settings.
  mutating func kind<Kind>(_ type: Kind.Type = Kind.self, among known: [any LayerKind.Type]) throws -> Kind {
    let names = known.map { $0.name }
    guard let name = try word("kind", among: names), let kind = known.first(where: { $0.name == name }) else {
      throw error("kind", "missing; it must be one of \(names.joined(separator: ", "))")
    }
    guard let read = try kind.init(&self) as? Kind else { throw error("kind", "'\(name)' stands in the wrong list") }
    return read
  }

  /// What `read` makes of the mapping under a key, or nil.
  mutating func nested<Value>(_ key: String, _ read: (inout Settings) throws -> Value) throws -> Value? {
    guard let given = value(key) else { return nil }
    var settings = try Settings(given, path: path(key))
    let result = try read(&settings)
    try settings.finish()
    return result
  }

  /// Refuses keys that nobody has read.
  public func finish() throws(SettingsError) {
    guard let stranger = members.first(where: { !known.contains($0.key) })?.key else { return }
    let meant = nearestName(to: stranger, in: known.sorted()).map { "; did you mean '\($0)'?" } ?? ""
    throw SettingsError(key: path(stranger), problem: "there is no such setting\(meant)")
  }
}
