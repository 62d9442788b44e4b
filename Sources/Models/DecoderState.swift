import Tensors

/// What a model remembers of one sequence between steps: keys and values with room that grows as the sequence
/// does, or sums of the past.
public struct DecoderState: Sendable {
  /// One for each block.
  public internal(set) var layers: [any MixerState]

  /// An empty memory with room for `capacity` tokens, more when they come.
  public init(_ configuration: ModelConfiguration, capacity: Int, in execution: Execution) {
    layers = (0..<configuration.layerCount).map { layer in
      configuration.mixer(layer: layer).makeState(
        capacity: capacity, LayerSite(configuration, layer: layer), in: execution)
    }
  }

  /// Tokens that there is room for now.
  public var capacity: Int { layers.map(\.capacity).min() ?? 0 }
  /// Tokens seen.
  public var count: Int { layers.first?.count ?? 0 }

  /// Bytes that a sequence of `tokens` tokens takes in a model's memory.
  public static func byteCount(tokens: Int, _ configuration: ModelConfiguration, compute: DType) -> Int {
    (0..<configuration.layerCount).reduce(0) { bytes, layer in
      let site = LayerSite(configuration, layer: layer)
      return bytes + configuration.mixer(layer: layer).stateBytes(tokens: tokens, site, compute: compute)
    }
  }

  /// Whether ``truncate(to:)`` can go back, and copies made before a step stay what they were; a model that sums the past
  /// up can only begin anew.
  public var isTruncatable: Bool { layers.allSatisfy(\.isTruncatable) }

  /// Whether ``truncate(to:)`` can go back to that count.
  public func canTruncate(to count: Int) -> Bool { layers.allSatisfy { $0.canTruncate(to: count) } }

  /// Forgets all but the first `count` tokens.
  public mutating func truncate(to count: Int) {
    for i in layers.indices { layers[i].truncate(to: count) }
  }

  /// Makes room for `tokens` tokens in all, in steps of about 40 %, so that a long text is not copied often.
  public mutating func reserve(_ tokens: Int, in execution: Execution) {
    guard tokens > capacity else { return }
    let room = Self.room(for: tokens)
    for i in layers.indices { layers[i] = layers[i].copied(capacity: room, in: execution) }
  }

  /// A copy that shares no memory, so that a sequence can go on in more than one way.
  public func forked(in execution: Execution) -> DecoderState {
    var copy = self
    for i in layers.indices { copy.layers[i] = layers[i].copied(capacity: layers[i].capacity, in: execution) }
    return copy
  }

  /// The room that is made for so many tokens: 256, 384, 512, 768, … Few sizes, so that memory is used again.
  public static func room(for tokens: Int) -> Int {
    var room = 256
    while room < tokens {
      if room / 2 * 3 >= tokens { return room / 2 * 3 }
      room *= 2
    }
    return room
  }
}
