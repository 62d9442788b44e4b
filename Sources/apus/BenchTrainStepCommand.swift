import ArgumentParser
import CUDATensors
import Formats
import Foundation
import Models
import Optimization
import Planning
import Reporting
import Tensors
import Training

/// `apus bench train-step`: whole training steps, and on request where their time goes.
struct TrainStepBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-step", abstract: "Time whole training steps (forward, backward, clipping, AdamW).",
    discussion: """
      A is a 7M Llama at 16 windows of 512 tokens, B SmolLM2-135M at 8 of 512, C four layers of 1,024 with a \
      vocabulary of 128,256 at 2 of 1,024; a configuration of `apus train` or a preset can be given instead. Tokens are random \
      unless --tokens names a file. With --operations as many steps again are taken apart, operation by operation, \
      each after three whole ones, beside the least time that the machine's arithmetic and memory, measured after \
      each, allow.

      Examples:
        apus bench train-step --config A --steps 10
        apus bench train-step --preset llama-3.2-1b --sequence 4096 --batch 16 --micro-batch 4 --device cuda
        apus bench train-step run.yaml --operations --page step.html
      """)

  enum Shape: String, ExpressibleByArgument, CaseIterable { case A, B, C }

  @Argument(help: "A training configuration to take the model and the batch from.") var file: String?
  @Option(help: "Which configuration: A, B or C.") var config: Shape = .A
  @Option(help: "A preset of `apus model list` in its place.") var preset: String?
  @Option(help: "Tokens of a window, with --preset.") var sequence = 1024
  @Option(help: "Windows of a step, with --preset.") var batch = 8
  @OptionGroup var device: DeviceOptions
  @Option(help: "Steps that are timed.") var steps = 5
  @Option(help: "Steps before them.") var warmup = 2
  @Option(
    help: """
      Windows that go through the model at a time; default: the file's, or as many as have 1,024 tokens (2,048 up to a \
      width of 1,024, 4,096 up to one of 256).
      """)
  var microBatch: Int?
  @Option(help: "Folder with config.json and model.safetensors to start from.") var weights: String?
  @Option(help: "File of int32 token ids, windows of sequence length + 1 one after another.") var tokens: String?
  @Flag(help: "Compute in float32.") var float32 = false
  @Flag(help: "Also show where the time goes.") var operations = false
  @Option(help: "Write a page with the operations under the machine's roofline to this file.") var page: String?
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    guard steps > 0, warmup >= 0, microBatch ?? 1 > 0, sequence > 0, batch > 0 else {
      throw ValidationError("--steps, --sequence, --batch and --micro-batch must be above 0, --warmup at least 0.")
    }
  }

  /// What is timed: a model and the batch of its steps.
  private struct Workload {
    var name: String
    var model: ModelConfiguration
    var sequence: Int
    var batch: Int
    var microBatch: Int
  }

  func run() throws {
    let workload = try workload()
    let device = try device.open()
    let model = DecoderModel(
      workload.model, trainable: true, scheme: InitializationScheme(scaling: .none), on: device.backend)
    if let weights { try WeightFiles.load(into: model.store, directory: weights) } else { model.store.initialize(seed: 1) }
    let execution = Execution(backend: device.backend, compute: float32 ? .float32 : .bfloat16)
    let source = try tokens.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    let optimizer = Optimizer(model.store, AdamW(), in: execution) {
      ParameterGroup(weightDecay: $0.shape.count >= 2 ? 0.1 : 0)
    }
    var losses: [Double] = []
    func seconds(_ numbers: Range<Int>, in execution: Execution) throws -> [Double] {
      let step = TrainingStep(
        model, optimizer: optimizer, settings: .init(microBatchSize: workload.microBatch),
        sequenceLength: workload.sequence, execution: execution)
      return try numbers.map { number in
        let windows = makeBatch(number, workload, source)
        let start = ContinuousClock.now
        losses.append(try step.run(windows, step: number + 1, learningRate: 3e-4).loss)
        return (ContinuousClock.now - start) / .seconds(1)
      }
    }
    _ = try seconds(0..<warmup, in: execution)
    let times = try seconds(warmup..<(warmup + steps), in: execution)
    let timing = Timing(
      workload: workload, device: device, times: times, losses: losses, compute: execution.compute,
      deviceBytes: device.backend.deviceBytes)
    var rounds: [Round] = []
    for number in 0..<(operations || page != nil ? steps : 0) {
      let measuring = MeasuringBackend(device.backend)
      var taken = execution
      taken.backend = measuring
      let first = warmup + steps + 4 * number
      // What measuring rates leaves behind is gone after two steps that do not count.
      let whole = try seconds(first..<first + 3, in: execution)[2]
      let total = try seconds(first + 3..<first + 4, in: taken)[0]
      rounds.append(
        Round(
          wholeSeconds: whole, work: Self.work(measuring.costs.byName, total: total),
          rates: MachineRates.measure(in: execution, seconds: 0.15), compute: execution.compute))
    }
    rounds.sort { $0.share < $1.share }
    let middle = rounds.isEmpty ? nil : rounds[rounds.count / 2]
    if let page, let middle {
      let title = "A training step of \(workload.name)"
      try AtomicFile.write(BenchReport.page(title: title, device, rates: middle.rates, work: middle.work), to: page)
    }
    if json {
      print(timing.json(middle, shares: rounds.map(\.share)).serializedString(pretty: false))
      return
    }
    print(timing.text)
    for refusal in (try? device.card?.blas().refusals) ?? [] {
      Terminal.standardError.write("note: a slower kernel of our own took over, as \(refusal)\n")
    }
    if let middle { print("\n" + Self.table(middle, of: rounds), terminator: "") }
    if let page { print("page: \(page)") }
  }

  private func workload() throws -> Workload {
    if let preset {
      return Workload(
        name: preset, model: try Preset(named: preset).configuration, sequence: sequence, batch: batch,
        microBatch: microBatch ?? 1)
    }
    guard let file else {
      let (model, sequence, batch) = config.shape
      return Workload(
        name: config.rawValue, model: model, sequence: sequence, batch: batch,
        microBatch: microBatch ?? max(1, Self.microBatchTokens(width: model.hiddenSize) / sequence))
    }
    let (configuration, _) = try RunConfiguration.read(path: file)
    let run = try TrainingRun(configuration, runName: "bench")
    return Workload(
      name: file, model: run.modelConfiguration, sequence: configuration.tokens.sequenceLength,
      batch: run.layout.globalBatchSize, microBatch: microBatch ?? run.layout.microBatchSize)
  }

  /// The wider a model, the more memory its activations take, and the less more of them help.
  private static func microBatchTokens(width: Int) -> Int { width <= 256 ? 4096 : width <= 1024 ? 2048 : 1024 }

  private func makeBatch(_ number: Int, _ workload: Workload, _ source: Data?) -> TokenBatch {
    let sequence = workload.sequence
    var result = TokenBatch(sequenceLength: sequence, maskDocuments: false)
    let random = Philox(seed: 7, purpose: "benchmark")
    let starts = [Int32](repeating: 0, count: sequence + 1)
    for window in 0..<workload.batch {
      let first = (number * workload.batch + window) * (sequence + 1)
      let tokens: [Int32] = (first..<first + sequence + 1).map { i in
        guard let source else { return Int32(random.uniform(UInt64(i)) * Float(workload.model.vocabularySize)) }
        let count = source.count / 4
        return source.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: i % max(count, 1) * 4, as: Int32.self) }
      }
      tokens.withUnsafeBufferPointer { window in
        starts.withUnsafeBufferPointer { result.append(window: window, documentStarts: $0, predictFirstTokens: true) }
      }
    }
    return result
  }

  /// A step, one that was taken apart, and what the machine could do right after them: others may use it too, and then
  /// a step and rates of different minutes say nothing of each other.
  private struct Round {
    let wholeSeconds: Double
    let work: [RooflinePage.Work]
    let rates: MachineRates
    let compute: DType

    var seconds: Double { work.reduce(0) { $0 + $1.seconds } }
    func least(_ piece: RooflinePage.Work) -> Double { BenchReport.leastSeconds(piece, rates, compute) }
    var leastSeconds: Double { work.reduce(0) { $0 + least($1) } }
    /// What part of the whole step the machine's rates account for.
    var share: Double { leastSeconds / wholeSeconds }
  }

  /// Each operation's part of a step, the longest first, and what is left between them.
  private static func work(_ costs: [String: OperationCost], total: Double) -> [RooflinePage.Work] {
    let known = costs.map { name, cost in
      RooflinePage.Work(
        name: name, seconds: cost.seconds, operations: cost.operations, exponentials: cost.exponentials,
        bytes: cost.bytes)
    }
    let rest = total - known.reduce(0) { $0 + $1.seconds }
    return known.sorted { $0.seconds > $1.seconds }
      + [RooflinePage.Work(name: "between operations", seconds: max(rest, 0), operations: 0, bytes: 0)]
  }

  /// The round in the middle, and how far the others' shares of the bound lie apart.
  private static func table(_ round: Round, of rounds: [Round]) -> String {
    let total = round.seconds
    var table = TextTable([.left, .right, .right, .right, .right, .right, .right, .right])
    table.add("operation", "ms", "share", "GFLOP", "GFLOP/s", "Mexp", "GB/s", "least ms")
    table.rule()
    for piece in round.work {
      let computes = piece.operations > 0
      table.add(
        piece.name, Quantity.number(piece.seconds * 1e3, digits: 3), BenchReport.percent(piece.seconds / total),
        computes ? Quantity.number(piece.operations / 1e9, digits: 3) : "",
        computes ? Quantity.number(piece.operations / piece.seconds / 1e9, digits: 3) : "",
        piece.exponentials > 0 ? Quantity.number(piece.exponentials / 1e6, digits: 3) : "",
        piece.bytes > 0 ? Quantity.number(piece.bytes / piece.seconds / 1e9, digits: 3) : "",
        Quantity.number(round.least(piece) * 1e3, digits: 3))
    }
    table.rule()
    table.add(
      "step", Quantity.number(total * 1e3, digits: 3), "", "", "", "", "",
      Quantity.number(round.leastSeconds * 1e3, digits: 3))
    func percent(_ share: Double) -> String { Quantity.number(100 * share, digits: 3) + " %" }
    let ends = [rounds.first, rounds.last].compactMap { $0.map { percent($0.share) } }.joined(separator: " to ")
    return table.text + "\n" + BenchReport.text(round.rates)
      + "least ms: the longer of arithmetic (products and exponentials, one after the other) and traffic, at these rates;\n"
      + "a whole step beside it took \(Quantity.number(round.wholeSeconds * 1e3, digits: 4)) ms, "
      + "\(percent(round.share)) of this bound (\(ends) in \(rounds.count))\n"
  }

  /// The figures of the timed steps.
  private struct Timing {
    let workload: Workload
    let device: ComputeDevice
    let times: [Double]
    let losses: [Double]
    let compute: DType
    /// What tensors have of a card's memory.
    let deviceBytes: Int?

    /// Share of the card's data sheet that the model's operations reach.
    var peakShare: Double? { device.peak.map { operationsPerSecond / $0.bfloat16 } }
    var median: Double { times.sorted()[times.count / 2] }
    var tokensPerSecond: Double { Double(workload.sequence * workload.batch) / median }
    var operationsPerSecond: Double {
      workload.model.trainingOperationsPerToken(sequenceLength: workload.sequence) * tokensPerSecond
    }

    var text: String {
      String(
        format: "%@: %.0f tokens/s, %.3f s a step (median of %d), %.3f TFLOP/s, peak memory %.2f GiB, last loss %.4f",
        workload.name, tokensPerSecond, median, times.count, operationsPerSecond / 1e12,
        Double(deviceBytes ?? ProcessMemory.peakResidentBytes) / 1_073_741_824, losses.last ?? .nan)
        + (device.cardName.map { name in
          "\n\(name): " + (peakShare.map { "\(BenchReport.percent($0)) of the data sheet's bf16 peak" } ?? "peak unknown")
        } ?? "")
    }

    func json(_ round: Round?, shares: [Double]) -> JSON {
      [
        "config": .string(workload.name), "tokensPerSecond": JSON(tokensPerSecond),
        "stepSeconds": .array(times.map { JSON($0) }), "losses": .array(losses.map { JSON($0) }),
        "modelFLOPsPerSecond": JSON(operationsPerSecond), "peakResidentBytes": JSON(ProcessMemory.peakResidentBytes),
        "peakDeviceBytes": deviceBytes.map { JSON($0) } ?? nil, "card": device.cardName.map { .string($0) } ?? nil,
        "dataSheetShare": peakShare.map { JSON($0) } ?? nil,
        "instructionSet": .string(InstructionSet.current.rawValue), "threads": JSON(InstructionSet.threads),
        "machine": round.map { BenchReport.json(device, rates: $0.rates, work: $0.work) } ?? nil,
        "boundShares": .array(shares.map { JSON($0) }),
      ]
    }
  }
}

extension TrainStepBenchmark.Shape {
  /// The model, tokens a window and windows a batch.
  var shape: (ModelConfiguration, sequence: Int, batch: Int) {
    func llama(_ vocabulary: Int, _ hidden: Int, _ ffn: Int, _ layers: Int, _ heads: Int, _ kv: Int) -> ModelConfiguration {
      ModelConfiguration(
        vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: ffn, layerCount: layers, headCount: heads,
        keyValueHeadCount: kv, tiedEmbeddings: true)
    }
    switch self {
    case .A: return (llama(4096, 256, 704, 8, 8, 4), 512, 16)
    case .B: return (llama(49152, 576, 1536, 30, 9, 3), 512, 8)
    case .C: return (llama(128_256, 1024, 2816, 4, 16, 4), 1024, 2)
    }
  }
}
