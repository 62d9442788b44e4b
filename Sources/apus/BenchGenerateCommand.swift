import ArgumentParser
import Formats
import Inference
import Models
import Reporting

/// `apus bench generate`: reading prompts and writing tokens, beside the rate at which memory can be read.
struct GenerateBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Time reading a prompt and writing tokens one by one.",
    discussion: """
      Each written token needs every weight once, so the rate of a streaming read of memory by all threads bounds it. \
      Both are measured in turns; medians are shown. Tokens are random.

      Example: apus bench generate my-model --prompt-tokens 512 --tokens 128
      """)

  @Argument(help: "A model's folder, a GGUF file, a run folder, or a folder of checkpoints.") var model: String
  @Option(help: "Tokens of the prompt.") var promptTokens = 512
  @Option(help: "Tokens that are written after it.") var tokens = 128
  @Option(help: "How often both are measured.") var rounds = 3
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard promptTokens > 0, tokens > 0, rounds > 0 else {
      throw ValidationError("--prompt-tokens, --tokens and --rounds must be above 0.")
    }
  }

  func run() throws {
    let folder = try ModelFolder.resolve(model)
    let device = try compute.device.open()
    let language = try compute.load(folder, on: device)
    let rates = GenerationRates.measure(
      language.model, in: language.execution, promptTokens: promptTokens, tokens: tokens, rounds: rounds)
    if json {
      print(
        ([
          "prompt_tokens_per_second": JSON(rates.promptTokensPerSecond),
          "written_tokens_per_second": JSON(rates.writtenTokensPerSecond),
          "bound_tokens_per_second": JSON(rates.boundTokensPerSecond),
          "read_bytes_per_second": JSON(rates.readBytesPerSecond), "bytes_per_token": JSON(rates.bytesPerToken),
        ] as JSON).serializedString(pretty: false))
      return
    }
    print(BenchReport.heading(device))
    var table = TextTable([.left, .right, .left])
    table.add("prompt read", Quantity.number(rates.promptTokensPerSecond, digits: 4), "tokens/s")
    table.add("text written", Quantity.number(rates.writtenTokensPerSecond, digits: 4), "tokens/s")
    table.add("memory read", Quantity.number(rates.readBytesPerSecond / 1e9, digits: 3), "GB/s")
    table.add("weights read a token", Quantity.number(rates.bytesPerToken / 1e6, digits: 4), "MB")
    table.add(
      "share of what memory allows",
      BenchReport.percent(rates.writtenTokensPerSecond / rates.boundTokensPerSecond), "")
    print(table.text, terminator: "")
  }
}
