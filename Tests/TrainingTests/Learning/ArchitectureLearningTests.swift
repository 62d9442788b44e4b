import Formats
import Models
import TestSupport
import Testing

/// Every architecture learns: 200 steps on bytes of tiny world end below the entropy of single bytes and within a tenth
/// of the plain model's loss after as many tokens. The slow lane (`APUS_SLOW_TESTS=1`); prints a line for each case.
@Suite(.serialized) struct ArchitectureLearningTests {
  private static let dense = Result { try TinyWorldBytes.shared.train(TinyWorldBytes.dense).loss }

  /// Of the cases alone, which costs nothing.
  @Test func everyKindHasACase() throws {
    let models = try ArchitectureCase.all.map { try $0.configuration() }
    #expect(Set(ArchitectureCase.all.map(\.name)).count == models.count)
    let mixers = Set(models.flatMap { model in (0..<2).map { type(of: model.mixer(layer: $0)).name } })
    #expect(mixers == Set(MixerRegistry.kinds.map { $0.name }))
    let feedForwards = Set(models.flatMap { model in (0..<2).map { type(of: model.feedForward(layer: $0)).name } })
    #expect(feedForwards == Set(FeedForwardRegistry.kinds.map { $0.name }))
    #expect(Set(models.map(\.norm)).count == ModelConfiguration.NormKind.allCases.count)
    #expect(Set(models.map(\.normPlacement)).count == ModelConfiguration.NormPlacement.allCases.count)
    #expect(Set(models.map(\.positions)).count == ModelConfiguration.Positions.allCases.count)
    #expect(Set(models.map(\.activation)).count == ModelConfiguration.Activation.allCases.count)
    let gates = Set(models.compactMap { ($0.mixer(layer: 0) as? LinearAttention)?.settings["gate"]?.stringValue })
    #expect(gates.count == LinearAttention.Gate.allCases.count)
  }

  @Test(.enabled(if: SlowLane.isOpen), arguments: ArchitectureCase.all)
  func learnsAsThePlainModelDoes(_ architecture: ArchitectureCase) throws {
    let dense = try Self.dense.get()
    let text = TinyWorldBytes.shared
    let result = try text.train(try architecture.configuration())
    let ratio = rounded(result.loss / dense)
    var line = "\(architecture.name): loss \(rounded(result.loss)), \(ratio) of the plain model's \(rounded(dense))"
    #expect(result.loss < text.entropy, "\(line); the entropy of bytes is \(text.entropy)")
    #expect(result.loss < 1.1 * dense, "\(line)")
    if !result.routing.isEmpty {
      let busiest = result.routing.values.map(\.largestOverMean).max() ?? .nan
      let evenness = result.routing.values.map(\.evenness).min() ?? .nan
      line += "; busiest expert \(rounded(busiest)) times the mean, entropy \(rounded(evenness))"
      if let limit = architecture.busiest { #expect(busiest < limit && evenness > 0.97, "\(line)") }
    }
    print(line)
  }

  private func rounded(_ x: Double) -> Double { (x * 1000).rounded() / 1000 }
}
