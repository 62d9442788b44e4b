import Foundation
import Tensors

/// Cosines and sines of a model's rotary embeddings for every position, `[positions, 2, pairs]` float32 each.
public struct RotaryTable: Sendable {
  /// Positions that it covers.
  public let positions: Int
  private let tables: [RotaryEmbedding: Tensor]

  /// The table of one of the model's embeddings.
  func table(_ embedding: RotaryEmbedding) -> Tensor {
    guard let table = tables[embedding] else { preconditionFailure("an embedding that its kind does not name") }
    return table
  }

  /// The table of all layers' embeddings for positions `0 ..< count`.
  public static func make(_ configuration: ModelConfiguration, positions count: Int, in arena: Arena) -> RotaryTable {
    var tables: [RotaryEmbedding: Tensor] = [:]
    for layer in 0..<configuration.layerCount {
      let site = LayerSite(configuration, layer: layer)
      for embedding in configuration.mixer(layer: layer).rotaryEmbeddings(site) where tables[embedding] == nil {
        tables[embedding] = table(embedding, positions: count, in: arena)
      }
    }
    return RotaryTable(positions: count, tables: tables)
  }

  /// Frequencies of layers that see the whole text, stretched by the configuration's scaling.
  static func frequencies(_ configuration: ModelConfiguration) -> [Double] {
    RotaryEmbedding(
      theta: configuration.ropeTheta, width: configuration.headDimension, scaling: configuration.ropeScaling
    ).frequencies
  }

  /// One embedding's, for positions `0 ..< count`.
  static func table(_ embedding: RotaryEmbedding, positions count: Int, in arena: Arena) -> Tensor {
    // transformers keeps frequencies and angles in float32; so do we, for the same logits.
    let frequencies = embedding.frequencies.map { Float($0) }
    let factor = embedding.attentionFactor
    let table = Tensor([count, 2, frequencies.count], .float32, in: arena)
    table.write { host in
      let values = host.floats
      for position in 0..<count {
        for (i, frequency) in frequencies.enumerated() {
          let angle = Float(position) * frequency
          values[position * 2 * frequencies.count + i] = Float(cos(Double(angle)) * factor)
          values[(position * 2 + 1) * frequencies.count + i] = Float(sin(Double(angle)) * factor)
        }
      }
    }
    return table
  }
}
