import Formats

/// The settings that linear mixers have in common: heads and their widths, the model's unless given.
struct HeadSettings: Hashable, Sendable {
  var heads, keyHeads, keyDimension, valueDimension: Int?

  init() {}

  /// - Parameter groups: whether several heads of values may share a head of keys.
  init(_ settings: inout Settings, groups: Bool = false) throws {
    heads = try settings.integer("heads", in: 1...4096)
    keyHeads = groups ? try settings.integer("key_heads", in: 1...4096) : nil
    keyDimension = try settings.integer("key_dimension", in: 1...4096)
    valueDimension = try settings.integer("value_dimension", in: 1...4096)
  }

  var json: [String: JSON] {
    let given = [
      "heads": heads, "key_heads": keyHeads, "key_dimension": keyDimension, "value_dimension": valueDimension,
    ]
    return given.compactMapValues { $0.map { .integer(Int64($0)) } }
  }

  func sizes(_ c: ModelConfiguration) -> StateHeads {
    let count = heads ?? c.headCount
    return StateHeads(
      count: count, keyHeads: keyHeads ?? count, keyDimension: keyDimension ?? c.headDimension,
      valueDimension: valueDimension ?? c.headDimension)
  }

  /// - Throws: `SettingsError` where heads of keys cannot be shared evenly, or where there would be too many parameters.
  func check(_ kind: String, _ site: LayerSite) throws {
    let sizes = sizes(site.configuration)
    guard sizes.count % sizes.keyHeads == 0 else {
      throw SettingsError(
        key: "\(kind).key_heads", problem: "\(sizes.keyHeads) does not divide the \(sizes.count) heads of values")
    }
    let columns = 2 * Double(sizes.keyWidth) + 4 * Double(sizes.valueWidth)
    try site.checkCountable(parameters: columns * Double(site.configuration.hiddenSize), "\(kind).heads")
  }
}
