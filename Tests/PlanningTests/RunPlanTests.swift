import Formats
import Models
import Planning
import Testing

@Suite struct RunPlanTests {
  private let small = Preset.smolLM2With135M.configuration

  @Test func operationsFollowTheConvention() {
    // 6·106,203,456 outside the embedding + 6·49,152·576 in the head + 6·30·576·512 in attention.
    let weights = 6.0 * 106_203_456
    let head = 6.0 * 49_152 * 576
    let attention = 6.0 * 30 * 576 * 512
    let expected: Double = weights + head + attention
    #expect(small.trainingOperationsPerToken(sequenceLength: 512) == expected)
    let qwen = Preset.qwen3With0Point6B.configuration
    var wide = 6.0 * Double(qwen.parameterCounts.withoutEmbeddings)
    wide += 6.0 * 151_936 * 1024
    wide += 6.0 * 28 * 2048 * 1024
    #expect(qwen.trainingOperationsPerToken(sequenceLength: 1024) == wide)
  }

  @Test func aWindowShortensAttention() {
    var windowed = small
    windowed.slidingWindow = 128
    let saved =
      small.trainingOperationsPerToken(sequenceLength: 512) - windowed.trainingOperationsPerToken(sequenceLength: 512)
    let context: Double = 128 - 128 * 128 / 1024
    #expect(saved == 12.0 * 30 * 576 * (256 - context))
    windowed.noRopeInterval = 1
    #expect(
      windowed.trainingOperationsPerToken(sequenceLength: 512) == small.trainingOperationsPerToken(sequenceLength: 512))
  }

  @Test func memoryByCategory() {
    let memory = MemoryForecast(small, microBatchSize: 8, sequenceLength: 512, recompute: false)
    #expect(memory.masterWeights == 4 * 134_515_008 && memory.gradients == memory.masterWeights)
    #expect(memory.moments == 2 * memory.masterWeights)
    #expect(memory.packedWeights == 4 * (134_515_008 - 35_136 - 49_152 * 576))
    let elements: Int = 4 * 576 + (9 + 3 + 3 + 9) * 64 + 3 * 1536
    let layer: Int = 2 * elements + 4 * (2 + 9)
    #expect(memory.activations == 4096 * (30 * layer + 2 * 2 * 576))
    #expect(memory.logits == 2048 * 49_152 * 2)
    #expect(memory.total == memory.categories.reduce(0) { $0 + $1.bytes })
    let lean = MemoryForecast(small, microBatchSize: 8, sequenceLength: 512, recompute: true)
    #expect(lean.activations == 4096 * (30 * 2 * 576 + layer + 2 * 2 * 576))
    #expect(lean.activations < memory.activations / 5)
  }

  /// Norms after the branches keep what these gave; without a gate there is one activation less.
  @Test func memoryOfOtherFamilies() {
    func layer(_ model: ModelConfiguration) -> Int {
      let memory = MemoryForecast(model, microBatchSize: 1, sequenceLength: 1, recompute: false)
      return (memory.activations - 2 * 2 * model.hiddenSize) / model.layerCount
    }
    let gemma: Int = 2 * (6 * 640 + (4 + 1 + 1 + 4) * 256 + 3 * 2048) + 4 * (4 + 4)
    #expect(layer(Preset.gemma3With270M.configuration) == gemma)
    let gpt2: Int = 2 * (4 * 768 + 4 * 768 + 2 * 3072) + 4 * (2 + 12)
    #expect(layer(Preset.gpt2With124M.configuration) == gpt2)
  }

  /// Five layers of six look back 512 tokens.
  @Test func aPatternOfWindows() {
    let gemma = Preset.gemma3With270M.configuration
    let near: Double = 15 * (512 - 512 * 512 / 4096)
    let far: Double = 3 * 1024
    let expected = 6 * Double(gemma.parameterCounts.withoutEmbeddings) + 6 * 262_144 * 640 + 12 * 1024 * (near + far)
    #expect(gemma.trainingOperationsPerToken(sequenceLength: 2048) == expected)
  }

  @Test func aPlanAddsUpItsStages() throws {
    var plan = RunPlan(
      model: small, stages: [.init(steps: 90, sequenceLength: 512), .init(steps: 10, sequenceLength: 1024)],
      microBatchSize: 4, globalBatchSize: 16, measuredRate: 1e12)
    #expect(plan.steps == 100 && plan.tokens == 16 * (90 * 512 + 10 * 1024))
    let short: Double = 16.0 * 90 * 512 * small.trainingOperationsPerToken(sequenceLength: 512)
    let long: Double = 16.0 * 10 * 1024 * small.trainingOperationsPerToken(sequenceLength: 1024)
    let work = short + long
    #expect(abs(plan.operations / work - 1) < 1e-12)
    #expect(plan.expectedSeconds == plan.operations / 1e12)
    #expect(plan.memory == MemoryForecast(small, microBatchSize: 4, sequenceLength: 1024, recompute: false))
    let text = plan.text
    #expect(text.contains("134.5M") && text.contains("parameters") && text.contains("at 1.00 TFLOP/s"))
    #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") && $0.count <= 80 })
    #expect(plan.json["parameters"]?["total"]?.intValue == 134_515_008)
    #expect(plan.json["memory"]?["total"]?.intValue == plan.memory.total)
    plan.measuredRate = nil
    #expect(plan.expectedSeconds == nil && plan.json["expected_seconds"]?.isNull == true)
    #expect(!plan.text.contains("\ntime"))
  }
}
