import Formats
import Foundation
import Testing

/// `apus train`: what is wrong with a configuration or its data is said before anything is trained or written.
@Suite struct TrainTests {
  func prepared() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let story = (0..<400).map { "The swift number \($0) flew over hill \($0 * 7 % 101) and sang. " }.joined()
    for part in 0..<5 { try folder.file("text/\(part).txt", "\(part). " + story) }
    expectSuccess(
      try folder.run("tokenizer", "train", "--input", "text", "--vocab-size", "300", "--output", "tokenizer"))
    expectSuccess(
      try folder.run(
        "data", "prepare", "--tokenizer", "tokenizer", "--input", "text", "--output", "tokens", "--validation", "0"))
    return folder
  }

  func configuration(sequence: Int = 32, data: String = "tokens", tokenizer: String = "tokenizer") -> String {
    """
    tokenizer: {tokenizer_name_or_path: \(tokenizer)}
    data_stages:
    - data: {dataset: {dataset_folder: \(data)}}
    model:
      model_config:
        hidden_size: 32
        intermediate_size: 64
        num_hidden_layers: 2
        num_attention_heads: 2
        num_key_value_heads: 1
        max_position_embeddings: \(sequence)
        tie_word_embeddings: true
    optimizer:
      learning_rate_scheduler: {learning_rate: 1.0e-3, lr_warmup_steps: 2}
    tokens: {sequence_length: \(sequence), train_steps: 6, micro_batch_size: 2}
    checkpoints: {checkpoint_interval: 3}

    """
  }

  @Test func configurationsAndDataThatDoNotFitAreNamed() throws {
    let folder = try prepared()
    expectFailure(try folder.run("train", "missing.yaml"), "missing.yaml")
    try folder.file("empty.yaml", "")
    expectFailure(try folder.run("train", "empty.yaml"), "empty.yaml")
    try folder.file("bytes.yaml", [0xFF, 0xFE, 0x00, 0x80])
    expectFailure(try folder.run("train", "bytes.yaml"), "bytes.yaml")
    try folder.file("typo.yaml", configuration().replacingOccurrences(of: "train_steps", with: "train_step"))
    expectFailure(try folder.run("train", "typo.yaml"), "typo.yaml", "train_step")
    try folder.file("long.yaml", configuration(sequence: 1_000_000))
    expectFailure(try folder.run("train", "long.yaml"), "1000000")
    try folder.file("data.yaml", configuration(data: "nowhere"))
    expectFailure(try folder.run("train", "data.yaml"), "nowhere")
    try folder.file("tokenizer.yaml", configuration(tokenizer: "nowhere"))
    expectFailure(try folder.run("train", "tokenizer.yaml"), "nowhere")
    try folder.file("good.yaml", configuration())
    expectFailure(try folder.run("train", "good.yaml", "--set", "tokens.train_steps=many"), "train_steps", "many")
    for name in ["empty", "bytes", "typo", "long", "data", "tokenizer", "good"] {
      #expect(!folder.exists("runs/\(name)/checkpoints"), "\(name)")
    }
  }

  @Test func aRunTrainsAndItsFolderIsReported() throws {
    let folder = try prepared()
    try folder.file("good.yaml", configuration())
    let plan = try folder.run("train", "good.yaml", "--dry-run")
    expectSuccess(plan)
    #expect(!folder.exists("runs"), "a dry run writes nothing")
    expectSuccess(try folder.run("train", "good.yaml"))
    for made in ["model.safetensors", "config.json", "tokenizer.json"] {
      #expect(folder.exists("runs/good/checkpoints/6/\(made)"), "\(made)")
    }
    expectSuccess(try folder.run("report", "runs/good"))
    #expect(folder.exists("runs/good/report.html"))

    let generate = ["generate", "runs/good", "--prompt", "The swift", "--max-tokens", "5", "--temperature", "0"]
    let text = try Command.run(generate, in: folder.path)
    expectSuccess(text)
    #expect(try Command.run(generate, in: folder.path).output == text.output)
    let scored = try folder.run("evaluate", "perplexity", "runs/good", "--data", "text", "--json")
    expectSuccess(scored)
    #expect(try JSON.parse(scored.output).objectValue != nil)
    expectFailure(try folder.run("evaluate", "perplexity", "runs/good", "--data", "nowhere"), "nowhere")
    expectFailure(try folder.run("generate", "nowhere", "--prompt", "The"), "nowhere")
    let weights = URL(fileURLWithPath: folder.path + "/runs/good/checkpoints/6/model.safetensors")
    try Data(contentsOf: weights).prefix(100).write(to: weights)
    expectFailure(try folder.run("generate", "runs/good/checkpoints/6", "--prompt", "The"), "model.safetensors")
  }
}
