/// Published models by name; each family says which there are.
public struct Preset: Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// Its name.
  public let rawValue: String
  /// One line on where the model comes from.
  public let summary: String
  /// The model's shape as published.
  public let configuration: ModelConfiguration

  init(_ name: String, _ summary: String, _ configuration: ModelConfiguration) {
    (rawValue, self.summary, self.configuration) = (name, summary, configuration)
  }

  /// Those of all families.
  public static let allCases = ModelConfiguration.Family.allCases.flatMap { $0.kind.presets }

  /// The preset of this name, letter case ignored.
  ///
  /// - Throws: `UnknownPreset` with the nearest name.
  public init(named name: String) throws(UnknownPreset) {
    let wanted = name.lowercased()
    guard let preset = Preset.allCases.first(where: { $0.rawValue == wanted }) else { throw UnknownPreset(name: name) }
    self = preset
  }

  public var description: String { rawValue }

  public static func == (a: Preset, b: Preset) -> Bool { a.rawValue == b.rawValue }

  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

/// A name that is no preset's.
public struct UnknownPreset: Error, Equatable, Sendable, CustomStringConvertible {
  /// The name as given.
  public var name: String

  /// Creates the error.
  public init(name: String) { self.name = name }

  public var description: String {
    let all = Preset.allCases.map(\.rawValue)
    if let nearest = nearestName(to: name, in: all) { return "'\(name)' is no preset; did you mean '\(nearest)'?" }
    return "'\(name)' is no preset; there are \(all.joined(separator: ", "))"
  }
}
