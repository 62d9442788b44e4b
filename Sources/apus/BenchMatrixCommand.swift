import ArgumentParser
import Formats
import Reporting
import Tensors

/// `apus bench matrix`: rates of the products that training takes.
struct MatrixBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix", abstract: "Time the matrix products of linear layers.",
    discussion: """
      For x [M, K] and weights W [N, K]: forward is x W^T, dX is dY W, both with W packed before, as once a step; \
      dW is dY^T x added to a float32 gradient. Packing of activations is included, that of the weights shown apart. \
      GFLOP/s count 2 M N K; each cell is median / best.

      Example: apus bench matrix --dtype bf16 --seconds 1.5
      """)

  enum Precision: String, ExpressibleByArgument, CaseIterable {
    case bf16, fp32
    var compute: DType { self == .bf16 ? .bfloat16 : .float32 }
  }

  @Option(name: .customLong("dtype"), help: "Only these operands: bf16 or fp32; may be given twice.")
  var precisions: [Precision] = Precision.allCases

  @Option(help: "Seconds for each product.") var seconds = 1.5
  @OptionGroup var device: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  private static let shapes = [
    (8192, 576, 1536), (8192, 256, 704), (4096, 1024, 2816), (2048, 1024, 128_256), (4096, 4096, 4096),
  ]

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 3600.")
    }
  }

  func run() throws {
    let execution = Execution(backend: try device.backend())
    var results: [JSON] = []
    var table = TextTable([.left, .right, .right, .right, .right, .right, .right, .right])
    table.add("", "M", "K", "N", "forward GFLOP/s", "dX", "dW", "packing W, ms")
    table.rule()
    let count = precisions.count * Self.shapes.count * MatrixProduct.Kind.allCases.count
    let progress = ProgressLine("measuring", total: count, unit: "products")
    for precision in precisions {
      for (rows, inputs, outputs) in Self.shapes {
        var cells = [precision.rawValue, "\(rows)", "\(inputs)", "\(outputs)"]
        let packing = MatrixProduct(.forward, rows: rows, inputs: inputs, outputs: outputs, compute: precision.compute)
          .weightPackingSeconds(in: execution)
        for kind in MatrixProduct.Kind.allCases {
          let product = MatrixProduct(kind, rows: rows, inputs: inputs, outputs: outputs, compute: precision.compute)
          let times = product.times(in: execution, seconds: seconds, minimumRuns: 5).sorted()
          let median = product.operations / times[times.count / 2] / 1e9
          let best = product.operations / times[0] / 1e9
          cells.append("\(Int(median.rounded())) / \(Int(best.rounded()))")
          results.append([
            "dtype": .string(precision.rawValue), "product": .string(kind.rawValue), "m": JSON(rows),
            "k": JSON(inputs), "n": JSON(outputs), "median_gflops": JSON(median), "best_gflops": JSON(best),
            "runs": JSON(times.count), "weight_packing_seconds": kind == .weightGradient ? nil : JSON(packing),
          ])
          progress.advance()
        }
        table.add(cells + [Quantity.number(packing * 1e3, digits: 3)])
      }
    }
    progress.finish()
    if json {
      let object: JSON = [
        "instruction_set": .string(InstructionSet.current.rawValue), "threads": JSON(InstructionSet.threads),
        "products": .array(results),
      ]
      print(object.serializedString(pretty: true))
    } else {
      print("kernels: \(InstructionSet.current.rawValue), threads: \(InstructionSet.threads)")
      print(table.text, terminator: "")
    }
  }
}
