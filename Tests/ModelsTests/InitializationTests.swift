import Foundation
import Models
import Tensors
import Testing

/// First values, by statistics of what is drawn.
@Suite struct InitializationTests {
  private static let layers = 3

  /// Standard deviation and largest size of each parameter that is drawn.
  private func drawn(_ scheme: InitializationScheme, width: Int = 64) -> [String: (deviation: Double, largest: Double)] {
    let model = DecoderModel(
      ModelConfiguration(
        vocabularySize: 200, hiddenSize: width, intermediateSize: 3 * width, layerCount: Self.layers, headCount: 4,
        initializerRange: 0.05),
      trainable: false, scheme: scheme)
    model.store.initialize(seed: 9)
    return Dictionary(
      uniqueKeysWithValues: model.store.parameters.filter { $0.shape.count == 2 }.map { parameter in
        let values = parameter.master.toFloats().map { Double($0) }
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        return (parameter.name, (square.squareRoot(), values.map(abs).max() ?? .nan))
      })
  }

  private func layer(_ name: String) -> Int { Int(name.split(separator: ".")[2]) ?? -1 }

  @Test(arguments: InitializationScaling.allCases) func depth(_ scaling: InitializationScaling) {
    let drawn = drawn(InitializationScheme(scaling: scaling))
    #expect(drawn.count == 2 + 7 * Self.layers)
    for (name, statistics) in drawn {
      var expected = 0.05
      if name.hasSuffix("o_proj.weight") || name.hasSuffix("down_proj.weight") {
        switch scaling {
        case .depth: expected /= (2.0 * 3).squareRoot()
        case .layerIndex: expected /= (2 * Double(layer(name) + 1)).squareRoot()
        case .none: break
        }
      }
      #expect(abs(statistics.deviation / expected - 1) < 0.04, "\(name): \(statistics.deviation), not \(expected)")
      // Of thousands of normal numbers some are beyond three deviations.
      #expect(statistics.largest > 3 * expected, "\(name)")
    }
  }

  /// At 2 deviations the standard deviation of what is left is 0.8796 of the whole's, at 3 it is 0.9866.
  @Test(arguments: [(2.0, 0.8796), (3, 0.9866)]) func cutoff(_ cutoff: Double, left: Double) {
    let whole = drawn(InitializationScheme(scaling: .layerIndex))
    for (name, statistics) in drawn(InitializationScheme(scaling: .layerIndex, cutoff: cutoff)) {
      let isResidual = name.hasSuffix("o_proj.weight") || name.hasSuffix("down_proj.weight")
      let deviation = isResidual ? 0.05 / (2 * Double(layer(name) + 1)).squareRoot() : 0.05
      #expect(abs(statistics.deviation / deviation / left - 1) < 0.04, "\(name)")
      #expect(statistics.largest <= cutoff * deviation * (1 + 1e-6) && statistics.largest > 0.95 * cutoff * deviation)
      #expect(statistics.deviation < (whole[name]?.deviation ?? 0))
    }
  }

  /// In the maximal update parametrization the matrices of blocks get narrower by the root of the width, the tables not.
  @Test func width() throws {
    let base = drawn(InitializationScheme(widthMultiplier: 1))
    let wide = drawn(InitializationScheme(widthMultiplier: 4), width: 256)
    for (name, statistics) in wide {
      let expected = try #require(base[name]).deviation / (name.hasPrefix("model.layers.") ? 2 : 1)
      #expect(abs(statistics.deviation / expected - 1) < 0.04, "\(name)")
    }
    let list = ModelConfiguration(
      vocabularySize: 20, hiddenSize: 32, intermediateSize: 48, layerCount: 1, headCount: 4
    ).declarations(InitializationScheme(widthMultiplier: 4))
    #expect(
      list.allSatisfy { $0.widthMultiplier == ($0.name.hasPrefix("model.layers.") && $0.shape.count == 2 ? 4 : 1) })
  }
}
