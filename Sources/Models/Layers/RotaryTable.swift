import Foundation
import Tensors

/// Cosines and sines of the rotary embedding for every position, `[positions, 2, headDimension / 2]` float32 each.
public struct RotaryTable: Sendable {
  /// Of layers that see the whole text, and of all where there is one base.
  let full: Tensor
  /// Of layers with a window where these have a base of their own.
  let local: Tensor?

  /// Positions that it covers.
  public var positions: Int { full.shape[0] }

  /// The table of a layer with a base of its own, or of the others.
  func table(local isLocal: Bool) -> Tensor { isLocal ? local ?? full : full }

  /// The table for positions `0 ..< count`.
  public static func make(_ configuration: ModelConfiguration, positions count: Int, in arena: Arena) -> RotaryTable {
    RotaryTable(
      full: table(frequencies(configuration), positions: count, in: arena),
      local: configuration.localRopeTheta.map {
        table(plainFrequencies(configuration, theta: $0), positions: count, in: arena)
      })
  }

  /// Frequencies of layers that see the whole text, stretched by the configuration's scaling.
  public static func frequencies(_ configuration: ModelConfiguration) -> [Double] {
    let plain = plainFrequencies(configuration, theta: configuration.ropeTheta)
    switch configuration.ropeScaling {
    case nil: return plain
    case .linear(let factor): return plain.map { $0 / factor }
    case .llama3(let factor, let low, let high, let original):
      // Llama 3.1: wavelengths longer than the trained context over `low` are divided, those shorter than it over
      // `high` stay, and between them a linear ramp in the number of turns.
      return plain.map { frequency in
        let turns = Double(original) * frequency / (2 * .pi)
        if turns > high { return frequency }
        if turns < low { return frequency / factor }
        let smooth = (turns - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }

  /// `theta^(-2i / d)` (arXiv:2104.09864).
  private static func plainFrequencies(_ configuration: ModelConfiguration, theta: Double) -> [Double] {
    (0..<configuration.headDimension / 2).map { pow(theta, -2 * Double($0) / Double(configuration.headDimension)) }
  }

  private static func table(_ exact: [Double], positions count: Int, in arena: Arena) -> Tensor {
    // transformers keeps frequencies and angles in float32; so do we, for the same logits.
    let frequencies = exact.map { Float($0) }
    let table = Tensor([count, 2, frequencies.count], .float32, in: arena)
    let values = table.floats
    for position in 0..<count {
      for (i, frequency) in frequencies.enumerated() {
        let angle = Float(position) * frequency
        values[position * 2 * frequencies.count + i] = Float(cos(Double(angle)))
        values[(position * 2 + 1) * frequencies.count + i] = Float(sin(Double(angle)))
      }
    }
    return table
  }
}
