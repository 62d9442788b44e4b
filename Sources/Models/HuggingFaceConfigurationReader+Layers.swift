import Formats

/// Reading of what differs from layer to layer in a `config.json`.
extension HuggingFaceConfigurationReader {
  /// The words of `layer_types` by layer, each one of `words`; nil where the key is missing.
  func layerTypes(_ words: [String], layers: Int) throws -> [String]? {
    guard let kinds = value("layer_types") else { return nil }
    let names = kinds.arrayValue?.map { $0.stringValue ?? "" } ?? []
    guard names.count == layers, names.allSatisfy(words.contains) else {
      throw error("layer_types", "it must be a list of \(layers) times \(words.joined(separator: " or "))")
    }
    return names
  }

  /// The layers that a list names by their numbers; nil where the key is missing.
  func layers(_ key: String, of layers: Int) throws -> Set<Int>? {
    guard let given = value(key) else { return nil }
    let list = given.arrayValue?.map { $0.intValue ?? -1 } ?? [-1]
    guard list.allSatisfy({ 0..<layers ~= $0 }) else {
      throw error(key, "it must be a list of layers from 0 to \(layers - 1)")
    }
    return Set(list)
  }

  /// The interval of layers that see the whole text, from `layer_types` or the older pattern.
  func fullAttentionInterval(layers: Int, missing: Int) throws -> Int? {
    guard let windowed = try windowedLayers(layers) else {
      let key = value("sliding_window_pattern") == nil ? "_sliding_window_pattern" : "sliding_window_pattern"
      let interval = try size(key, limit: 100_000, missing: missing)
      return interval <= layers ? interval : nil
    }
    return try interval(of: windowed.map(!), "layer_types", "layers of full_attention")
  }

  /// `n` where layer `i` from 0 is marked when `(i + 1) % n == 0`, nil where none is.
  private func interval(of marked: [Bool], _ key: String, _ what: String) throws -> Int? {
    guard let first = marked.firstIndex(of: true) else { return nil }
    let interval = first + 1
    for layer in marked.indices where marked[layer] != ((layer + 1) % interval == 0) {
      throw error(key, "\(what) must be evenly spaced; layer \(layer) breaks that")
    }
    return interval
  }

  /// Which layers have a window by `layer_types`, where that is given.
  private func windowedLayers(_ layers: Int) throws -> [Bool]? {
    try layerTypes(["sliding_attention", "full_attention"], layers: layers)?.map { $0 == "sliding_attention" }
  }

  /// The interval that `no_rope_layers` (1: rotary, 0: none) or `no_rope_layer_interval` describes.
  func noRopeInterval(layers: Int) throws -> Int? {
    guard let given = value("no_rope_layers") else {
      return try size("no_rope_layer_interval", limit: 100_000, missing: 4)
    }
    guard let list = given.arrayValue, list.count >= layers else {
      throw error("no_rope_layers", "it must be a list with one 0 or 1 for each of \(layers) layers")
    }
    let rotary = list.prefix(layers).map { $0.intValue ?? -1 }
    guard rotary.allSatisfy({ $0 == 0 || $0 == 1 }) else {
      throw error("no_rope_layers", "it must hold only 0 and 1")
    }
    return try interval(of: rotary.map { $0 == 0 }, "no_rope_layers", "layers without rotary embedding")
  }

  /// The window where one is in use; it must cover exactly the layers that have rotary embeddings.
  func slidingWindow(layers: Int, noRopeInterval: Int?) throws -> Int? {
    guard family.kind.mayHaveWindow, try flag("use_sliding_window", missing: false), value("sliding_window") != nil
    else { return nil }
    let window = try size("sliding_window")
    let windowed: [Bool]
    if let given = try windowedLayers(layers) {
      windowed = given
    } else if family.kind.hasMaxWindowLayers {
      let first = value("max_window_layers").map { $0.intValue ?? -1 } ?? 28
      guard first >= 0 else { throw error("max_window_layers", "it must be a number of layers") }
      windowed = (0..<layers).map { $0 >= first }
    } else {
      windowed = (0..<layers).map { layer in noRopeInterval.map { (layer + 1) % $0 == 0 } ?? false }
    }
    guard windowed.contains(true) else { return nil }
    for layer in 0..<layers where windowed[layer] != (noRopeInterval.map { (layer + 1) % $0 != 0 } ?? true) {
      throw error(
        "sliding_window", "layer \(layer) breaks the rule that exactly the layers with rotary embedding have the window")
    }
    return window
  }
}
