import ArgumentParser
import Foundation
import Models
import Optimization
import Tensors
import Training

/// Figures of this machine, for comparison with others and with other programs.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure training steps and matrix products on this machine.",
    subcommands: [TrainStepBenchmark.self, MatrixBenchmark.self])
}

/// Times whole training steps of the three configurations that `benchmarks/` compares with PyTorch.
struct TrainStepBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-step", abstract: "Time whole training steps (forward, backward, clipping, AdamW).",
    discussion: """
      A is a 7M Llama at 16 windows of 512 tokens, B SmolLM2-135M at 8 of 512, C four layers of 1,024 with a \
      vocabulary of 128,256 at 2 of 1,024. Tokens are random unless --tokens names a file.

      Example: apus bench train-step --config A --steps 10
      """)

  enum Shape: String, ExpressibleByArgument, CaseIterable { case A, B, C }

  @Option(help: "Which configuration: A, B or C.") var config: Shape = .A
  @Option(help: "Steps that are timed.") var steps = 5
  @Option(help: "Steps before them.") var warmup = 2
  @Option(help: "Windows that go through the model at a time; default: all of the batch.") var microBatch: Int?
  @Option(help: "Folder with config.json and model.safetensors to start from.") var weights: String?
  @Option(help: "File of int32 token ids, windows of sequence length + 1 one after another.") var tokens: String?
  @Flag(help: "Compute in float32.") var float32 = false
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let (configuration, sequence, batch) = shape
    let model = DecoderModel(configuration, trainable: true, scaling: .none)
    if let weights { try WeightFiles.load(into: model.store, directory: weights) } else { model.store.initialize(seed: 1) }
    let execution = Execution(compute: float32 ? .float32 : .bfloat16)
    let optimizer = AdamW(model.store, settings: .init(), in: execution) { $0.shape.count >= 2 }
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: microBatch ?? batch), sequenceLength: sequence,
      execution: execution)
    let source = try tokens.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
    var seconds: [Double] = []
    var losses: [Double] = []
    for number in 1...(warmup + steps) {
      let windows = makeBatch(number - 1, sequence: sequence, batch: batch, vocabulary: configuration.vocabularySize, source)
      let start = ContinuousClock.now
      losses.append(try step.run(windows, step: number, learningRate: 3e-4).loss)
      if number > warmup { seconds.append((ContinuousClock.now - start).seconds) }
    }
    let median = seconds.sorted()[seconds.count / 2]
    let rate = Double(sequence * batch) / median
    let flops = flopsPerToken(configuration, sequence: sequence) * rate
    if json {
      let object: [String: Any] = [
        "config": config.rawValue, "tokensPerSecond": rate, "stepSeconds": seconds, "losses": losses,
        "modelFLOPsPerSecond": flops, "peakResidentBytes": ProcessMemory.peakResidentBytes,
        "instructionSet": InstructionSet.current.rawValue, "threads": InstructionSet.threads,
      ]
      print(String(decoding: try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]), as: UTF8.self))
    } else {
      print(
        String(
          format: "%@: %.0f tokens/s, %.3f s a step (median of %d), %.3f TFLOP/s, peak memory %.2f GiB, last loss %.4f",
          config.rawValue, rate, median, steps, flops / 1e12, Double(ProcessMemory.peakResidentBytes) / 1_073_741_824,
          losses.last ?? .nan))
    }
  }

  private var shape: (ModelConfiguration, sequence: Int, batch: Int) {
    func llama(_ vocabulary: Int, _ hidden: Int, _ ffn: Int, _ layers: Int, _ heads: Int, _ kv: Int) -> ModelConfiguration {
      ModelConfiguration(
        vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: ffn, layerCount: layers, headCount: heads,
        keyValueHeadCount: kv, tiedEmbeddings: true)
    }
    switch config {
    case .A: return (llama(4096, 256, 704, 8, 8, 4), 512, 16)
    case .B: return (llama(49152, 576, 1536, 30, 9, 3), 512, 8)
    case .C: return (llama(128_256, 1024, 2816, 4, 16, 4), 1024, 2)
    }
  }

  private func makeBatch(_ number: Int, sequence: Int, batch: Int, vocabulary: Int, _ source: Data?) -> TokenBatch {
    var result = TokenBatch(sequenceLength: sequence, maskDocuments: false)
    let random = Philox(seed: 7, purpose: "benchmark")
    let starts = [Int32](repeating: 0, count: sequence + 1)
    for window in 0..<batch {
      let first = (number * batch + window) * (sequence + 1)
      let tokens: [Int32] = (first..<first + sequence + 1).map { i in
        guard let source else { return Int32(random.uniform(UInt64(i)) * Float(vocabulary)) }
        let count = source.count / 4
        return source.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: i % max(count, 1) * 4, as: Int32.self) }
      }
      tokens.withUnsafeBufferPointer { window in
        starts.withUnsafeBufferPointer { result.append(window: window, documentStarts: $0, predictFirstTokens: true) }
      }
    }
    return result
  }

  private func flopsPerToken(_ c: ModelConfiguration, sequence: Int) -> Double {
    let all = c.declarations().reduce(0) { $0 + $1.count }
    let head = c.vocabularySize * c.hiddenSize
    return Double(6 * (all - head) + 6 * head + 6 * c.layerCount * c.headCount * c.headDimension * sequence)
  }
}

extension Duration {
  /// As a number of seconds.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
