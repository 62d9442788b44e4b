import Models
import Optimization
import Tensors
import Testing

/// Ten steps beside each optimizer's reference (`scripts/golden/optimizers_golden.py`).
@Suite struct TrajectoryTests {
  @Test(arguments: [
    ("muon_original", Muon.UpdateScale.original), ("muon_moonlight", .moonlight), ("muon_spectral", .spectral),
  ])
  func muonFollowsPyTorch(_ name: String, _ scale: Muon.UpdateScale) throws {
    var muon = Muon()
    muon.compute = .float32
    muon.updateScale = scale
    let difference = try Trajectory(name).difference(of: muon, learningRate: 2e-2)
    #expect(difference.weights < 1e-6, "\(difference)")
    #expect(difference.changes < 1e-5, "\(difference)")
  }

  @Test func muonWithoutLookingAheadFollowsPyTorch() throws {
    var muon = Muon()
    muon.compute = .float32
    muon.updateScale = .original
    muon.nesterov = false
    muon.steps = 3
    #expect(try Trajectory("muon_plain").difference(of: muon, learningRate: 2e-2).weights < 1e-6)
  }

  @Test func muonInHalfPrecisionStaysNear() throws {
    var muon = Muon()
    muon.updateScale = .original
    let difference = try Trajectory("muon_original").difference(of: muon, learningRate: 2e-2)
    #expect(difference.changes < 0.1, "\(difference)")
  }

  @Test func lionFollowsThePaper() throws {
    #expect(try Trajectory("lion").difference(of: Lion(), learningRate: 3e-4).weights < 1e-6)
  }

  @Test func adEMAMixFollowsThePaper() throws {
    var rule = AdEMAMix()
    rule.alphaWarmup = 6
    rule.beta3Warmup = 6
    #expect(try Trajectory("ademamix").difference(of: rule, learningRate: 1e-3).weights < 1e-6)
    // Without its schedules it is another trajectory.
    #expect(try Trajectory("ademamix").difference(of: AdEMAMix(), learningRate: 1e-3).weights > 1e-4)
  }

  /// On the update, not the basis, whose signs nobody defines.
  @Test func soapFollowsThePaper() throws {
    var rule = SOAP()
    rule.frequency = 3
    rule.largestSide = 8
    let difference = try Trajectory("soap").difference(of: rule, learningRate: 3e-3)
    #expect(difference.weights < 1e-6, "\(difference)")
    #expect(difference.changes < 1e-3, "\(difference)")
    rule.frequency = 4
    #expect(try Trajectory("soap").difference(of: rule, learningRate: 3e-3).weights > 1e-5)
  }
}
