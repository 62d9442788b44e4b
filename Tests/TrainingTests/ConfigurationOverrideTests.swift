import Testing
import Training

@Suite struct ConfigurationOverrideTests {
  private func read(_ texts: String...) throws -> RunConfiguration {
    let overrides = try texts.map { try ConfigurationOverride($0) }
    return try RunConfiguration.parse(yaml: baseline, file: "b.yaml", overrides: overrides).configuration
  }

  @Test func valuesAreYAMLAndLaterOnesWin() throws {
    let run = try read(
      "tokens.train_steps=50", "tokens.train_steps=20", "model.model_config.num_hidden_layers=4",
      "optimizer.learning_rate_scheduler={learning_rate: 1e-3}", "general.seed=7", "parallelism.dp=1",
      "data_stages.0.data.dataset.dataset_folder=tokens/other", "data_stages.0.data.dataset.dataset_weights=null")
    #expect(run.tokens.trainSteps == 20)
    #expect(run.model.shape.layerCount == 4)
    #expect(run.optimizer.schedule.peak == 1e-3)
    #expect(run.optimizer.schedule.decaySteps == 20)
    #expect(run.general.seed == 7)
    #expect(run.dataStages[0].dataset?.folders == ["tokens/other"])
    #expect(run.dataStages[0].dataset?.weights == nil)
  }

  @Test func listsGrowByOne() throws {
    let run = try read("data_stages.1.name=late", "data_stages.1.start_training_step=100")
    #expect(run.dataStages.map(\.name) == ["stage 1", "late"])
  }

  @Test func errorsNameTheOverride() throws {
    func message(_ text: String) -> String {
      do {
        _ = try read(text)
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(message("tokens.train_steps=x") == "--set tokens.train_steps=x: tokens.train_steps: 'x' is not a whole number")
    #expect(message("tokens.trian_steps=3").contains("did you mean 'train_steps'?"))
    #expect(message("tokens.trian_steps=3").hasPrefix("--set tokens.trian_steps=3: "))
    #expect(message("tokens") == "--set tokens: write it as section.key=value")
    #expect(message("tokens..x=1").contains("is not a dotted key"))
    #expect(message("data_stages.5.name=x").contains("index 5 is past the end; the list has 1 items"))
    #expect(message("data_stages.-1.name=x").contains("past the end"))
    #expect(message("data_stages.first.name=x").contains("'first' must be an index from 0 to 1"))
    #expect(message("tokens.train_steps.x=1").contains("is the single value '20000'"))
    #expect(message("general.run=[a").contains("not valid YAML"))
  }
}
