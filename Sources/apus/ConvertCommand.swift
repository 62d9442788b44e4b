import ArgumentParser
import Formats
import Inference
import Models
import Reporting

/// `apus convert`: a model from one format to another.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Turn a model into another format: Hugging Face folder or GGUF, both ways.",
    discussion: """
      An OUTPUT that ends in .gguf becomes one GGUF file, anything else a Hugging Face folder. Tokenizer, chat \
      template and generation settings travel along; a run folder stands for its newest complete checkpoint. The \
      output appears when all of it is complete.

      Types: f32, f16 and bf16 everywhere, q8_0 (8.5 bits a weight) in GGUF. Quantised weights are widened as they are \
      read; a folder of them is as large as its type says. Norms in GGUF stay f32.

      Examples:
        apus convert SmolLM2-135M-Instruct.Q4_1.gguf smollm2
        apus convert my-model my-model.gguf --dtype q8_0
        apus convert my-model parts --dtype f16 --shard-size 1GB --dry-run
      """)

  @Argument(help: "A model's folder or GGUF file, a run folder, or a folder of checkpoints.", completion: .file())
  var input: String

  @Argument(help: "The folder or .gguf file to write.", completion: .file())
  var output: String

  @Option(help: "Type of the weights: f32, f16, bf16 or q8_0. (default: bf16 for a folder, f16 for GGUF)")
  var dtype: WeightType?

  @Option(help: "Largest safetensors file, such as 500MB or 5GB; more weights go into several with an index.")
  var shardSize = ByteSize(count: SafetensorsShards.standardLimit)

  @Flag(help: "Say what would be written, and how large, and write nothing.")
  var dryRun = false

  @Flag(help: "Replace a model that stands at OUTPUT.")
  var force = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let conversion = try ModelConversion(input: input, output: output, type: dtype, shardLimit: shardSize.count)
    let total = conversion.files.reduce(0) { $0 + $1.byteCount }
    if !dryRun {
      let line = ProgressLine("converting", total: total, unit: "bytes")
      try conversion.run(replacing: force) { written, _ in line.update(written) }
      line.finish()
    }
    if json {
      let object: JSON = [
        "input": .string(conversion.input.path), "output": .string(output), "dtype": .string(conversion.type.rawValue),
        "written": .bool(!dryRun),
        "files": .array(conversion.files.map { ["name": .string($0.name), "bytes": .integer(Int64($0.byteCount))] }),
      ]
      print(object.serializedString(pretty: true))
      return
    }
    let model = conversion.input.configuration
    print(
      "\(output)\(dryRun ? " would be" : ":") \(Quantity.count(model.parameterCounts.total)) parameters of the family "
        + "\(model.family.rawValue) in \(conversion.type.rawValue), \(Quantity.bytes(total))")
    for file in conversion.files where conversion.files.count > 1 || dryRun {
      print("  \(file.name): \(Quantity.bytes(file.byteCount))")
    }
  }
}

extension WeightType: ExpressibleByArgument {}

/// A size such as 500MB, 5GB or 1GiB.
struct ByteSize: ExpressibleByArgument {
  let count: Int

  init(count: Int) { self.count = count }

  init?(argument: String) {
    let units = [
      ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
      ("B", 1),
    ]
    let unit = units.first { argument.hasSuffix($0.0) }
    guard let number = Double(argument.dropLast(unit?.0.count ?? 0)), number >= 1, number < 1e9 else { return nil }
    count = Int(number * Double(unit?.1 ?? 1))
  }

  var defaultValueDescription: String { Quantity.bytes(count) }
}
