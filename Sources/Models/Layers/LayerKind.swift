public import Formats
import OrderedCollections

/// A kind of mixer or feed-forward layer with its settings, as a value.
public protocol LayerKind: Hashable, Sendable {
  /// What configuration files call it.
  static var name: String { get }
  /// Reads its settings from a configuration file.
  /// - Throws: `SettingsError` for a value that makes no sense.
  init(_ settings: inout Settings) throws
  /// Its settings, as ``init(_:)`` reads them.
  var settings: [String: JSON] { get }
  /// Checks that the settings fit the model's sizes.
  /// - Throws: a sentence naming the setting, its value and what would be right.
  func check(_ site: LayerSite) throws
  /// Its parameters, in the order of memory: those that are multiplied as one are neighbours.
  func declarations(_ site: LayerSite) -> [ParameterDeclaration]
}

extension LayerKind {
  public func check(_ site: LayerSite) throws {}

  /// Its entry in a list of a configuration file.
  var json: JSON {
    var members: OrderedDictionary<String, JSON> = ["kind": .string(Self.name)]
    for (key, value) in settings.sorted(by: { $0.key < $1.key }) { members[key] = value }
    return .object(members)
  }
}
