import Models
import Planning
import Testing

/// The playbook's tables and formulas, to the digit.
@Suite struct BudgetTests {
  /// The ablation of attention variants on Llama 3.2's 1B: key-value heads of 32, layers, billions of parameters. The
  /// playbook prints 1.22 for 16 heads and 15 layers, which are 1,206,450,176 parameters.
  @Test(arguments: [
    (1, 16, "1.21"), (2, 16, "1.21"), (4, 16, "1.22"), (8, 16, "1.24"), (16, 15, "1.21"), (32, 14, "1.20"),
    (16, 16, "1.27"), (32, 16, "1.34"),
  ])
  func attentionVariantsHaveTheirParameters(_ groups: Int, _ layers: Int, _ billions: String) {
    var model = Preset.llama3Point2With1B.configuration
    model.keyValueHeadCount = groups
    model.layerCount = layers
    let hundredths = (Double(model.parameterCounts.total) / 1e7).rounded()
    #expect("\(Int(hundredths) / 100).\(Int(hundredths) % 100 < 10 ? "0" : "")\(Int(hundredths) % 100)" == billions)
  }

  @Test func keyValueCachesFollowTheFormulas() {
    let model = Preset.llama3Point2With1B.configuration
    #expect(StateMemory(model) == StateMemory(elementsPerToken: 2 * 8 * 16 * 64, fixedElements: 0))
    // 3 of 18 layers see the whole text, the others hold a window of 512 and 128 rows more.
    let windowed = StateMemory(Preset.gemma3With270M.configuration)
    #expect(windowed == StateMemory(elementsPerToken: 3 * 2 * 256, fixedElements: 15 * 2 * 256 * 640))
    let rows = AttentionVariants(model).rows
    #expect(rows.map(\.elementsPerToken) == [65_536, 16_384, 8192, 4608, 4096, 2048])
    #expect(rows.map(\.name.first) == ["M", "G", "G", "M", "G", "M"])
  }

  @Test func devicesForSmolLM3AreThePlaybooks() {
    let operations = 6.0 * 3e9 * 11e12
    let devices = TrainingCompute.devices(
      operations: operations, peak: 720e12, utilization: 0.3, seconds: 4 * 604_800)
    #expect(Int(devices.rounded()) == 379)
    let model = Preset.smolLM3With3B.configuration
    let compute = TrainingCompute(model, tokens: 11e12, sequenceLength: 4096)
    #expect(compute.estimate == 6 * Double(model.parameterCounts.total) * 11e12)
    #expect(compute.exact == model.trainingOperationsPerToken(sequenceLength: 4096) * 11e12)
  }

  @Test func deviceHoursAddUp() {
    let phases = [("run", 384, 30), ("ablations", 192, 15), ("mid-training", 192, 10), ("reset", 384, 3), ("debugging", 192, 4)]
      .map { DevicePhase(name: $0.0, devices: Double($0.1), days: Double($0.2)).deviceHours }
    #expect(phases == [276_480, 69_120, 46_080, 27_648, 18_432])
    #expect(phases.reduce(0, +) == 437_760)
  }
}
