import Foundation
import Tensors

/// Cosines and sines of the rotary embedding for every position, `[positions, 2, headDimension / 2]` float32.
public enum RotaryTable {
  /// Frequencies `theta^(-2i / d)` (arXiv:2104.09864), stretched by the configuration's scaling.
  public static func frequencies(_ configuration: ModelConfiguration) -> [Double] {
    let half = configuration.headDimension / 2
    let plain = (0..<half).map { pow(configuration.ropeTheta, -2 * Double($0) / Double(configuration.headDimension)) }
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

  /// The table for positions `0 ..< count`.
  public static func make(_ configuration: ModelConfiguration, positions count: Int, in arena: Arena) -> Tensor {
    // transformers keeps frequencies and angles in float32; so do we, for the same logits.
    let frequencies = frequencies(configuration).map { Float($0) }
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
