import CUDARuntime
import Testing

@Suite struct CompilationTargetTests {
  /// What NVRTC 13 knows.
  private static let known = [75, 80, 86, 87, 88, 89, 90, 100, 103, 110, 120, 121]

  @Test(arguments: [
    (75, "sm_75"), (80, "sm_80"), (89, "sm_89"), (90, "sm_90a"), (100, "sm_100a"), (120, "sm_120a"),
    // Unknown: code of the generation, else PTX of what came before.
    (82, "sm_80"), (101, "sm_100"), (130, "compute_121"), (95, "sm_90"),
  ])
  func suitsTheCard(_ capability: Int, _ target: String) {
    #expect(NVRTC.target(capability: capability, known: Self.known)?.architecture == target)
  }

  @Test func thereIsNoneForOldCards() { #expect(NVRTC.target(capability: 70, known: Self.known) == nil) }

  @Test func tellsMachineCodeFromPTX() {
    #expect(CompilationTarget("compute_121").isPTX && !CompilationTarget("sm_90a").isPTX)
  }
}
