import ArgumentParser
import Formats
import Reporting
import Tensors

/// `apus bench mixers`: where linear attention becomes faster than softmax attention.
struct MixersBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mixers", abstract: "Time softmax attention and linear ones, forward and backward, by length.",
    discussion: """
      One sequence, projections left out. Gated linear attention has a decay for each channel of the keys; the delta rule \
      has one for each head. Cells are milliseconds, the median of the runs.

      Example: apus bench mixers --lengths 512 8192 --dtype bf16
      """)

  enum Precision: String, ExpressibleByArgument, CaseIterable {
    case bf16, fp32
    var compute: DType { self == .bf16 ? .bfloat16 : .float32 }
  }

  @Option(parsing: .upToNextOption, help: "Tokens of the sequences.") var lengths = [256, 512, 1024, 2048, 4096, 8192]
  @Option(help: "Heads.") var heads = 8
  @Option(help: "Width of each head.") var dimension = 64
  @Option(name: .customLong("dtype"), help: "Type of the operands: bf16 or fp32.") var precision = Precision.bf16
  @Option(help: "Seconds for each measurement.") var seconds = 1.0
  @OptionGroup var device: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard !lengths.isEmpty, lengths.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
      throw ValidationError("--lengths are \(lengths); each must be from 1 to \(1 << 20).")
    }
    guard (1...1024).contains(heads), (1...1024).contains(dimension) else {
      throw ValidationError("--heads is \(heads) and --dimension \(dimension); both must be from 1 to 1024.")
    }
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 3600.")
    }
  }

  func run() throws {
    let backend = try device.backend()
    let progress = ProgressLine("measuring", total: lengths.count * RecurrenceTiming.Kind.allCases.count, unit: "times")
    var table = TextTable([.right] + RecurrenceTiming.Kind.allCases.map { _ in .right })
    table.add(["tokens"] + RecurrenceTiming.Kind.allCases.map(\.rawValue))
    table.rule()
    var results: [JSON] = []
    for length in lengths {
      var cells = ["\(length)"]
      for kind in RecurrenceTiming.Kind.allCases {
        let timing = RecurrenceTiming(
          kind, length: length, heads: heads, dimension: dimension, compute: precision.compute)
        let times = timing.times(on: backend, seconds: seconds).sorted()
        let median = times[times.count / 2]
        cells.append(Quantity.number(median * 1e3, digits: 3))
        results.append([
          "mixer": .string(kind.rawValue), "tokens": JSON(length), "median_seconds": JSON(median),
          "best_seconds": JSON(times[0]), "runs": JSON(times.count),
        ])
        progress.advance()
      }
      table.add(cells)
    }
    progress.finish()
    if json {
      let object: JSON = [
        "instruction_set": .string(InstructionSet.current.rawValue), "threads": JSON(InstructionSet.threads),
        "dtype": .string(precision.rawValue), "heads": JSON(heads), "dimension": JSON(dimension),
        "times": .array(results),
      ]
      print(object.serializedString(pretty: true))
    } else {
      print("kernels: \(InstructionSet.current.rawValue), threads: \(InstructionSet.threads)")
      print(table.text, terminator: "")
    }
  }
}
