import ArgumentParser
import CUDATensors
import Formats
import Planning
import Reporting
import Tensors

/// Figures of this machine, for comparison with others and with other programs.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure this machine, training steps, matrix products, mixers and tokenizers.",
    subcommands: [
      BenchMachineCommand.self, TrainStepBenchmark.self, MatrixBenchmark.self, TokenizerBenchmark.self,
      GenerateBenchmark.self, MixersBenchmark.self,
    ],
    defaultSubcommand: BenchMachineCommand.self)
}

/// `apus bench machine`: the roofs under which everything here runs.
struct BenchMachineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine", abstract: "Measure matrix rates and memory, and draw the roofline.",
    discussion: """
      Products of 1 to 4,096 tokens with weights of 1,024 to 2,816 (on a card 8,192 to 8,192) show where the device goes \
      over from waiting for memory to computing.

      Example: apus bench --page roofline.html
      """)

  @Option(help: "Seconds for each measurement.") var seconds = 0.5
  @Option(help: "Write a page with the roofline to this file.") var page: String?
  @OptionGroup var device: DeviceOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard seconds > 0, seconds <= 3600 else {
      throw ValidationError("--seconds is \(seconds); it must be above 0 and at most 3600.")
    }
  }

  func run() throws {
    let device = try device.open()
    let execution = Execution(backend: device.backend)
    let progress = ProgressLine("measuring", total: 11, unit: "rates")
    let rates = MachineRates.measure(in: execution, seconds: seconds)
    progress.advance(by: 5)
    let (_, inputs, outputs) = execution.backend.fullProduct
    let work = [1, 4, 16, 64, 256, 4096].map { rows -> RooflinePage.Work in
      let product = MatrixProduct(.forward, rows: rows, inputs: inputs, outputs: outputs, compute: .bfloat16)
      let times = product.times(in: execution, seconds: seconds).sorted()
      progress.advance()
      return RooflinePage.Work(
        name: Quantity.counted(rows, "token"), seconds: times[times.count / 2], operations: product.operations,
        bytes: product.bytes)
    }
    progress.finish()
    if let page {
      try AtomicFile.write(
        BenchReport.page(title: "Roofline of bf16 products", device, rates: rates, work: work), to: page)
    }
    if json {
      print(BenchReport.json(device, rates: rates, work: work).serializedString(pretty: true))
      return
    }
    print(BenchReport.heading(device))
    print(BenchReport.text(rates) + BenchReport.peak(device, rates), terminator: "")
    var table = TextTable([.right, .right, .right, .right])
    table.add("bf16 product of", "GFLOP/s", "GB/s", "of the nearer limit")
    table.rule()
    for piece in work {
      let limit = BenchReport.leastSeconds(piece, rates, .bfloat16)
      table.add(
        piece.name, Quantity.number(piece.operations / piece.seconds / 1e9, digits: 3),
        Quantity.number(piece.bytes / piece.seconds / 1e9, digits: 3), BenchReport.percent(limit / piece.seconds))
    }
    print("\n" + table.text, terminator: "")
    if let page { print("page: \(page)") }
  }
}

/// What the benchmarks print alike.
enum BenchReport {
  static func heading(_ device: ComputeDevice) -> String {
    device.cardName
      ?? "\(Machine.current.processor), kernels \(InstructionSet.current.rawValue), "
      + Quantity.counted(InstructionSet.threads, "thread")
  }

  /// The measured rate beside the data sheet's.
  static func peak(_ device: ComputeDevice, _ rates: MachineRates) -> String {
    guard let name = device.cardName else { return "" }
    guard let peak = device.peak else { return "data sheet of \(name): unknown\n" }
    return "data sheet of \(name): \(Quantity.number(peak.bfloat16 / 1e12, digits: 3)) TFLOP/s bf16, of which products "
      + "reach \(percent(rates.bfloat16Products / peak.bfloat16)); "
      + "\(Quantity.number(peak.bytesPerSecond / 1e12, digits: 2)) TB/s, of which a copy reaches "
      + "\(percent(rates.copyBytesPerSecond / peak.bytesPerSecond))\n"
  }

  /// The longer of the work's arithmetic, products and exponentials one after the other since both take the same units,
  /// and its traffic, at the measured rates. What stays in a cache can be faster.
  static func leastSeconds(_ work: RooflinePage.Work, _ rates: MachineRates, _ compute: DType) -> Double {
    max(
      work.operations / rates.matrixRate(compute) + work.exponentials / rates.exponentialRate(compute),
      work.bytes / rates.copyBytesPerSecond)
  }

  static func percent(_ share: Double) -> String { "\(Int((100 * share).rounded())) %" }

  static func text(_ rates: MachineRates) -> String {
    var table = TextTable([.left, .right, .left])
    table.add("bf16 products", Quantity.number(rates.bfloat16Products / 1e9, digits: 3), "GFLOP/s")
    table.add("fp32 products", Quantity.number(rates.float32Products / 1e9, digits: 3), "GFLOP/s")
    table.add("bf16 softmax", Quantity.number(rates.bfloat16Exponentials / 1e9, digits: 3), "G exponentials/s")
    table.add("fp32 softmax", Quantity.number(rates.float32Exponentials / 1e9, digits: 3), "G exponentials/s")
    table.add("memory copy", Quantity.number(rates.copyBytesPerSecond / 1e9, digits: 3), "GB/s, read and written")
    return table.text
  }

  static func page(title: String, _ device: ComputeDevice, rates: MachineRates, work: [RooflinePage.Work]) -> String {
    RooflinePage(
      title: title, subtitle: heading(device),
      roofs: [("bf16", rates.bfloat16Products), ("fp32", rates.float32Products)].sorted { $0.1 > $1.1 },
      bytesPerSecond: rates.copyBytesPerSecond, work: work
    ).html
  }

  static func json(_ device: ComputeDevice, rates: MachineRates, work: [RooflinePage.Work]) -> JSON {
    [
      "card": device.cardName.map { .string($0) } ?? nil,
      "data_sheet_bfloat16_flops": device.peak.map { JSON($0.bfloat16) } ?? nil,
      "processor": .string(Machine.current.processor), "instruction_set": .string(InstructionSet.current.rawValue),
      "threads": JSON(InstructionSet.threads), "bfloat16_flops": JSON(rates.bfloat16Products),
      "float32_flops": JSON(rates.float32Products), "copy_bytes_per_second": JSON(rates.copyBytesPerSecond),
      "bfloat16_exponentials_per_second": JSON(rates.bfloat16Exponentials),
      "float32_exponentials_per_second": JSON(rates.float32Exponentials),
      "work": .array(
        work.map {
          [
            "name": .string($0.name), "seconds": JSON($0.seconds), "operations": JSON($0.operations),
            "exponentials": JSON($0.exponentials), "bytes": JSON($0.bytes),
          ]
        }),
    ]
  }
}
