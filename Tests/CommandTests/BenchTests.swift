import Formats
import Testing

/// `apus bench`: what is measured adds up.
@Suite struct BenchTests {
  private let configuration = """
    data_stages:
    - data: {dataset: {dataset_folder: tokens}}
    model:
      model_config:
        vocab_size: 300
        hidden_size: 32
        intermediate_size: 64
        num_hidden_layers: 2
        num_attention_heads: 2
        num_key_value_heads: 1
        max_position_embeddings: 32
        tie_word_embeddings: true
    optimizer:
      learning_rate_scheduler: {learning_rate: 1.0e-3}
    tokens: {sequence_length: 32, train_steps: 6, micro_batch_size: 1, batch_accumulation_per_replica: 2}
    """

  @Test func aStepIsTakenApart() throws {
    let folder = try TemporaryFolder()
    try folder.file("step.yaml", configuration)
    let outcome = try folder.run(
      "bench", "train-step", "step.yaml", "--steps", "2", "--warmup", "1", "--page", "page.html", "--json")
    expectSuccess(outcome)
    let result = try JSON.parse(outcome.output)
    #expect(result["losses"]?.arrayValue?.count == 3 && result["stepSeconds"]?.arrayValue?.count == 2)
    let work = try #require(result["machine"]?["work"]?.arrayValue)
    func operations(_ name: String) -> Double? {
      work.first { $0["name"]?.stringValue == name }?["operations"]?.doubleValue
    }
    // 64 tokens; 9,216 weights a layer outside embedding and head, which has 300 x 32.
    let (layers, head) = (2 * 64 * 2 * 9216.0, 2 * 64 * 300 * 32.0)
    #expect(operations("products") == layers)
    #expect(operations("products of linear backward") == 2 * layers + 2 * head)
    #expect(operations("output head") == head)
    // Two heads of 16 over 32 x 33 / 2 pairs of a query and a key, scores and values, in two windows and layers.
    let attention = 2 * 2 * (32 * 33 / 2) * 2 * 2 * 32.0
    #expect(operations("attention") == attention && operations("attention backward") == 2.5 * attention)
    #expect(operations("AdamW") == 0)
    let page = try TextFile.read(folder.path + "/page.html")
    #expect(page.contains("<svg") && page.contains("products of linear backward"))
  }

  @Test func badSettingsAreRefused() throws {
    let folder = try TemporaryFolder()
    #expect(try folder.run("bench", "train-step", "--steps", "0").code == 2)
    #expect(try folder.run("bench", "machine", "--seconds", "0").code == 2)
    expectFailure(try folder.run("bench", "train-step", "missing.yaml"), "missing.yaml")
    expectFailure(try folder.run("bench", "tokenizer", "--tokenizer", "nowhere", "text.txt"), "text.txt")
  }
}
