import Testing

@Suite struct PlanTests {
  @Test func lawsAnswerWithTheirSources() throws {
    let folder = try TemporaryFolder()
    let text = try folder.run("plan", "laws", "--params", "3e9", "--tokens", "11e12")
    expectSuccess(text)
    for part in ["0.3118 C^-0.1250", "arXiv:2503.04715", "arXiv:2404.10102", "extra work"] {
      #expect(text.output.contains(part), "\(part)")
    }
    expectSuccess(try folder.run("plan", "laws", "--model", "smollm2-135m", "--tokens", "2e12", "--json"))
    expectMisuse(try folder.run("plan", "laws", "--tokens", "1e9"), "--params")
    expectMisuse(try folder.run("plan", "laws", "--params", "nan", "--tokens", "1e9"), "--params")
    expectFailure(try folder.run("plan", "laws", "--model", "nothing", "--tokens", "1e9"), "nothing")
  }

  @Test func branchesNeedACheckpoint() throws {
    let folder = try TemporaryFolder()
    expectFailure(try folder.run("plan", "critical-batch", "nowhere"), "nowhere")
    expectMisuse(try folder.run("plan", "critical-batch", "nowhere", "--factors", "2,x"), "2,x")
    try folder.file("c.yaml", "tokens: {sequence_length: 8, train_steps: 4}\n")
    expectFailure(try folder.run("train", "c.yaml", "--decay-from", "nowhere", "--decay-steps", "4"), "nowhere")
    expectMisuse(try folder.run("train", "c.yaml", "--decay-from", "nowhere"), "--decay-steps")
    expectMisuse(
      try folder.run("train", "c.yaml", "--decay-from", "nowhere", "--decay-steps", "4", "--decay-style", "steep"),
      "steep")
  }

  @Test func aFitNeedsRuns() throws {
    let folder = try TemporaryFolder()
    expectFailure(try folder.run("plan", "fit", "nowhere"), "nowhere")
    expectMisuse(try folder.run("plan", "fit", "nowhere", "--params", "1M"), "--tokens")
    expectMisuse(try folder.run("plan", "fit"), "runs")
  }
}
