import ArgumentParser
import Evaluation
import Formats
import Foundation
import Inference
import Reporting

/// `apus evaluate perplexity`: how well a model predicts a text.
struct EvaluatePerplexityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "perplexity",
    abstract: "Say how well a model predicts a text: nats a token, perplexity, bits a byte.",
    discussion: """
      The documents, each followed by the end-of-text token, are read in windows of the model's context length \
      without overlap; each token is predicted once. Bits a byte count the bytes of the text, so that models of different \
      tokenizers compare.

      Examples:
        apus evaluate perplexity my-model --data tokens/validation
        apus evaluate perplexity my-model --data held-out.jsonl --length 512
      """)

  @Argument(help: "A model's folder or GGUF file, a run folder, or a folder of checkpoints.")
  var model: String

  @Option(help: "A folder of token files, or text or JSON lines: a file or a folder of them.")
  var data: String

  @Option(help: "Tokens of a window. Default: the model's context length.")
  var length: Int?

  @Option(help: "The field of JSON lines that holds the text.")
  var field = "text"

  @OptionGroup var device: DeviceOptions
  @Flag(help: "Let a token see its own document only, as models trained with document masking do.")
  var maskDocuments = false

  @Flag(help: "Compute in float32.")
  var float32 = false

  @Flag(help: "Print the figures as JSON.")
  var json = false

  func validate() throws {
    if let length, length < 1 { throw ValidationError("--length is \(length); it must be 1 or more.") }
  }

  func run() throws {
    let model = try LanguageModel(directory: ModelFolder.resolve(model), compute: float32 ? .float32 : .bfloat16, on: device.backend())
    var perplexity = try Perplexity(model, length: length, maskDocuments: maskDocuments)
    perplexity.field = field
    var line: ProgressLine?
    let result = try perplexity.evaluate(path: data) { progress in
      // How many tokens a text has is known only after its first windows.
      let total = Double(progress.targets) / max(progress.fraction, 1e-9)
      let shown = line ?? ProgressLine("scoring", total: Int(min(total, 1e15)), unit: "tokens")
      line = shown
      shown.update(progress.targets)
    }
    line?.finish()
    if json {
      var object = result.json
      object["length"] = JSON(perplexity.length)
      print(object.serializedString())
      return
    }
    let bits = result.bitsPerByte.map { String(format: "%.4f", $0) } ?? "no"
    let figures = String(format: "%.4f nats/token, %.4f perplexity", result.natsPerToken, result.perplexity)
    print("\(figures), \(bits) bits/byte")
  }
}
