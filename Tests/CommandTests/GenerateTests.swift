import Formats
import Testing

/// `apus generate` and `apus chat` with a model trained for a moment.
@Suite struct GenerateTests {
  private static func model() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let story = (0..<400).map { "The swift number \($0) flew over hill \($0 * 7 % 101) and sang. " }.joined()
    try folder.file("text/story.txt", story)
    expectSuccess(
      try folder.run("tokenizer", "train", "--input", "text", "--vocab-size", "300", "--output", "tokenizer"))
    expectSuccess(
      try folder.run(
        "data", "prepare", "--tokenizer", "tokenizer", "--input", "text", "--output", "tokens", "--validation", "0"))
    try folder.file(
      "run.yaml",
      """
      tokenizer: {tokenizer_name_or_path: tokenizer}
      data_stages:
      - data: {dataset: {dataset_folder: tokens}}
      model:
        model_config:
          hidden_size: 32
          intermediate_size: 64
          num_hidden_layers: 2
          num_attention_heads: 2
          num_key_value_heads: 1
          max_position_embeddings: 512
          tie_word_embeddings: true
      optimizer:
        learning_rate_scheduler: {learning_rate: 1.0e-3, lr_warmup_steps: 2}
      tokens: {sequence_length: 128, train_steps: 4, micro_batch_size: 2}
      checkpoints: {checkpoint_interval: 4}
      """)
    expectSuccess(try folder.run("train", "run.yaml"))
    return folder
  }

  private static func objects(_ outcome: Command.Outcome) throws -> [JSON] {
    expectSuccess(outcome)
    return try outcome.output.split(separator: "\n").map { try JSON.parse(String($0)) }
  }

  @Test func textsOfAllKindsAreWritten() throws {
    let folder = try Self.model()
    let generate = ["generate", "runs/run", "--max-tokens", "6", "--float32", "--ignore-end-of-text"]
    func objects(_ more: String...) throws -> [JSON] {
      try Self.objects(Command.run(generate + more, in: folder.path))
    }
    let greedy = try objects("--prompt", "The swift", "--greedy", "--json", "--logprobs", "2", "--prompt-logprobs", "0")
    #expect(greedy.count == 1 && greedy[0]["tokens"]?.arrayValue?.count == 6)
    let logprobs = try #require(greedy[0]["logprobs"]?.arrayValue)
    for own in logprobs {
      #expect(own["top"]?.arrayValue?.count == 2 && own["top"]?[0]?["token"] == own["token"])
      #expect(try #require(own["logprob"]?.doubleValue) < 0)
    }
    let promptTokens = try #require(greedy[0]["prompt_tokens"]?.intValue)
    #expect(greedy[0]["prompt_logprobs"]?.arrayValue?.count == promptTokens - 1)

    let samples = try objects("--prompt", "The swift", "--samples", "3", "--seed", "7", "--json")
    #expect(samples.map { $0["sample"]?.intValue } == [0, 1, 2])
    let second = try objects("--prompt", "The swift", "--seed", "8", "--json")
    #expect(second[0]["tokens"] == samples[1]["tokens"])

    try folder.file(
      "prompts.jsonl",
      """
      {"prompt": "The swift", "id": "first", "seed": 8}

      {"tokens": [70, 71], "max_tokens": 2}
      {"prompt": "The swift number 3 flew over hill", "seed": 1}
      """)
    let batch = try objects("--prompts", "prompts.jsonl")
    #expect(batch.map { $0["index"]?.intValue } == [0, 1, 2])
    #expect(batch[0]["id"]?.stringValue == "first" && batch[0]["tokens"] == second[0]["tokens"])
    #expect(batch[1]["tokens"]?.arrayValue?.count == 2)

    // The model's own settings hold where nothing else is said.
    try folder.file("runs/run/checkpoints/4/generation_config.json", #"{"do_sample": false, "max_new_tokens": 3}"#)
    let own = try Self.objects(
      folder.run("generate", "runs/run", "--prompt", "The swift", "--float32", "--ignore-end-of-text", "--json"))
    #expect(own[0]["tokens"]?.arrayValue == greedy[0]["tokens"]?.arrayValue.map { Array($0.prefix(3)) })
    try folder.file("runs/run/checkpoints/4/generation_config.json", #"{"top_p": 7}"#)
    expectFailure(try folder.run("generate", "runs/run", "--prompt", "a"), "generation_config.json", "top-p is 7.0")

    for (line, problem) in [
      ("{\"prompt\": 3}", "either"), ("[1]", "an array"), ("{", "line 1"),
      ("{\"prompt\": \"a\", \"seed\": -1}", "seed"),
      ("{\"tokens\": [99999]}", "99999"),
    ] {
      try folder.file("runs/run/checkpoints/4/generation_config.json", "{}")
      try folder.file("bad.jsonl", line)
      expectFailure(try folder.run("generate", "runs/run", "--prompts", "bad.jsonl"), "bad.jsonl", problem)
    }
  }

  @Test func senselessRequestsAreMisuse() throws {
    let folder = try TemporaryFolder()
    expectMisuse(try folder.run("generate", "m"), "--prompt")
    expectMisuse(try folder.run("generate", "m", "--prompt", "a", "--prompts", "b"), "--prompt")
    expectMisuse(try folder.run("generate", "m", "--prompt", "a", "--greedy", "--temperature", "1"), "--greedy")
    expectMisuse(try folder.run("generate", "m", "--prompt", "a", "--min-p", "2"), "min-p is 2.0")
    expectMisuse(try folder.run("generate", "m", "--prompt", "a", "--logprobs", "2"), "--json")
    expectMisuse(try folder.run("generate", "m", "--prompt", "a", "--samples", "0"), "--samples is 0")
    expectMisuse(try folder.run("chat", "m", "--prompt", "a", "--once"), "--once")
    expectMisuse(try folder.run("chat", "m", "--repetition-penalty", "-1"), "repetition-penalty")
  }

  @Test func conversationsGoOnLineByLine() throws {
    let folder = try Self.model()
    func chat(_ more: String..., input: String? = nil) throws -> Command.Outcome {
      try Command.run(["chat", "runs/run", "--max-tokens", "8"] + more, in: folder.path, input: input)
    }
    expectFailure(try chat("--prompt", "hi"), "no chat template", "--template chatml")
    let talk = try chat(
      "--template", "chatml", "--json",
      input: "the swift\nand \\\nthe hill\n/undo\n/regenerate\n\"\"\"\nover\nhills\n\"\"\"\n"
        + "/nonsense\n/save talk.json\n/quit\nno\n")
    let answers = try Self.objects(talk)
    let questions = answers.map { $0["question"]?.stringValue }
    #expect(questions == ["the swift", "and \nthe hill", "the swift", "over\nhills\n"])
    #expect(talk.complaint.contains("/nonsense is no command") && talk.complaint.contains("4 messages saved"))
    #expect(try #require(answers[3]["remembered_tokens"]?.intValue) > 0)
    let saved = try JSON.parse(contentsOfFile: folder.path + "/talk.json")["messages"]?.arrayValue
    #expect(saved?.map { $0["role"]?.stringValue } == ["user", "assistant", "user", "assistant"])

    let once = try Self.objects(chat("--template", "chatml", "--once", "--json", input: "two\nlines\n"))
    #expect(once.count == 1 && once[0]["question"]?.stringValue == "two\nlines\n")
    try folder.file("mine.jinja", "{{ messages[-1].content }}{% if enable_thinking %} over{% endif %}")
    let thinking = try chat("--template", "mine.jinja", "--json", input: "the\n/think\nthe\n/clear\n/no_think\nthe\n")
    let counts = try Self.objects(thinking).map { $0["prompt_tokens"]?.intValue ?? 0 }
    #expect(counts.count == 3 && counts[1] > counts[0] && counts[2] == counts[0])
    let plain = try chat("--template", "chatml", "--stats", "--prompt", "a <|endoftext|> b")
    #expect(plain.complaint.contains("<|endoftext|> in your text") && plain.complaint.contains("tokens read"))
    #expect(!plain.output.contains("\u{1B}"))
    expectFailure(try chat("--template", "chatml", "--prompt", String(repeating: "qzx ", count: 300)), "context")
  }
}
