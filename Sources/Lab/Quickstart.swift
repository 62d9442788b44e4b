import Corpora
import Evaluation
import Formats
import Foundation
import Inference
import Models
import Optimization
import Reporting
import Tensors
import Tokenization
import Training

/// From nothing to a model that answers questions: world, tokenizer, tokens, training, evaluation, report.
///
/// Every part is one that the other commands run too, and everything it makes stays in the output folder.
public struct Quickstart: Sendable {
  /// What the quick start tells while it runs.
  public enum Event: Sendable {
    /// A part begins.
    case part(String)
    /// A sentence about the part that ended.
    case note(String)
    /// Training is about to take so many steps.
    case training(steps: Int)
    case trainer(Trainer.Event)
  }

  /// What it made.
  public struct Result: Sendable {
    public var results: [HeldOutResult]
    public var samples: [TextSample]
    public var summary: RunSummary
    public var model: String
    public var report: String
    public var seconds: Double
    public var wasStopped: Bool
  }

  /// Folder that receives everything.
  public let output: String
  /// Time that all of it may take, roughly.
  public let minutes: Double
  /// The sizes.
  public var recipe = QuickstartRecipe()
  /// Held-out questions in each category.
  public var questions = 400
  /// Where it computes.
  public var backend: any Backend = CPUBackend()

  /// Plans a quick start.
  public init(output: String, minutes: Double) {
    self.output = output
    self.minutes = minutes
  }

  /// Runs it.
  /// - Throws: a sentence naming what is in the way; an output folder that is not empty is left alone.
  public func run(report: @escaping (Event) -> Void) throws -> Result {
    let start = monotonicSeconds()
    if Paths.exists(output), try !Paths.names(inFolder: output).isEmpty {
      throw FileError(path: output, problem: "is not empty; name another folder with --output, or remove it")
    }
    let world = TinyWorld(seed: UInt64(recipe.seed))
    let tokenizer = try prepare(world, report)

    report(.part("measuring the speed of a step"))
    let steps = try affordableSteps(tokenizer: tokenizer, spent: monotonicSeconds() - start)
    let yaml = recipe.yaml(
      steps: steps, tokens: path("tokens"), tokenizer: path("tokenizer"), folder: path("run"))
    try AtomicFile.write(yaml, to: path("quickstart.yaml"))

    let (configuration, _) = try RunConfiguration.read(path: path("quickstart.yaml"))
    let run = try TrainingRun(configuration, runName: configuration.general.run)
    report(.training(steps: steps))
    let rate = MachineRates.matrixRate(.bfloat16, in: Execution(backend: backend), seconds: 0.5)
    let trainer = try Trainer(run, on: backend, matrixRate: rate) { report(.trainer($0)) }
    let outcome = try trainer.train()

    report(.part("asking the held-out questions"))
    let model = LanguageModel(
      trainer.model, tokenizer: tokenizer, execution: Execution(backend: backend))
    let results = try evaluate(model, world)
    let samples = try sample(model, world, step: trainer.done)
    try save(results, samples, in: run.folder)
    var wasStopped = false
    if case .stopped = outcome { wasStopped = true }
    return Result(
      results: results, samples: samples, summary: RunSummary(try RunRecord(folder: run.folder)),
      model: run.checkpoints.checkpoint(trainer.done).path, report: run.folder.appendingPath("report.html"),
      seconds: monotonicSeconds() - start, wasStopped: wasStopped)
  }

  private func path(_ name: String) -> String { output.appendingPath(name) }

  /// Writes the world, trains the tokenizer on it and makes token files.
  private func prepare(_ world: TinyWorld, _ report: (Event) -> Void) throws -> Tokenizer {
    let bytes = max(2_000_000, Int(minutes * Double(recipe.textBytesPerMinute)))
    report(.part("writing the tiny world"))
    let written = try TinyWorldWriter(world: world).write(to: path("world"), textBytes: bytes)
    report(.note("\(Quantity.grouped(written.documents)) documents, \(Quantity.bytes(written.textBytes)) of text"))

    report(.part("training a tokenizer of \(recipe.vocabularySize) entries"))
    let corpus = path("world").appendingPath("train.jsonl")
    let options = BPETrainer.Options(
      vocabularySize: recipe.vocabularySize, preTokenizer: .llama3, specialTokens: ["<|endoftext|>"],
      endOfText: "<|endoftext|>")
    var trainer = try BPETrainer(options, threads: InstructionSet.threads)
    let reader = try DocumentReader([corpus])
    var batch: [[UInt8]] = []
    // A few megabytes show every word of so small a world.
    while trainer.byteCount < 4_000_000, let document = try reader.next() {
      batch.append(document.withBytes { Array($0) })
      if batch.count == 256 {
        trainer.add(batch)
        batch = []
      }
    }
    trainer.add(batch)
    let tokenizer = try trainer.train()
    try Paths.createFolder(path("tokenizer"))
    try tokenizer.save(directory: path("tokenizer"))

    report(.part("making token files"))
    var job = PrepareJob(
      inputs: [corpus], output: path("tokens"), encoder: DocumentEncoder(tokenizer, name: path("tokenizer")))
    job.validation = 0.01
    let summary = try job.run()
    report(.note("\(Quantity.grouped(summary.tokens)) tokens, \(summary.duplicates) duplicates dropped"))
    return tokenizer
  }

  /// Steps that fit into what is left of the time, from the speed of a few on random tokens.
  private func affordableSteps(tokenizer: Tokenizer, spent: Double) throws -> Int {
    let configuration = ModelConfiguration(
      vocabularySize: tokenizer.vocabularySize, hiddenSize: recipe.hiddenSize,
      intermediateSize: recipe.intermediateSize, layerCount: recipe.layers, headCount: recipe.heads,
      keyValueHeadCount: recipe.keyValueHeads, contextLength: recipe.sequenceLength, tiedEmbeddings: true)
    let model = DecoderModel(configuration, trainable: true, on: backend)
    model.store.initialize(seed: 0)
    let execution = Execution(backend: backend)
    let optimizer = Optimizer(model.store, AdamW(), in: execution)
    let step = TrainingStep(
      model, optimizer: optimizer, settings: .init(microBatchSize: recipe.batchSize),
      sequenceLength: recipe.sequenceLength, execution: execution)
    let source = try TokenSource(path("tokens"), endOfText: tokenizer.endOfText)
    let loader = try MixtureLoader(sources: [source], sequenceLength: recipe.sequenceLength, seed: 0)
    let batch = try loader.batch(0..<UInt64(recipe.batchSize), maskDocuments: true, predictFirstTokens: false)
    var seconds: [Double] = []
    for number in 1...8 {
      let begin = monotonicSeconds()
      _ = try step.run(batch, step: number, learningRate: 1e-4)
      seconds.append(monotonicSeconds() - begin)
    }
    let median = seconds.dropFirst(2).sorted()[3]
    // Evaluation, validation and reports take about a seventh of a quick start.
    let left = max(minutes * 60 * 0.86 - spent, minutes * 60 * 0.4)
    return min(max(20, Int(left / median)), 20_000)
  }

  private func evaluate(_ model: LanguageModel, _ world: TinyWorld) throws -> [HeldOutResult] {
    let questions = HeldOutQuestions(world: world, count: questions)
    let own = try questions.answers(by: model)
    let untrained = try questions.answers(by: model.untrained())
    return questions.results(own, untrained: untrained)
  }

  private func sample(_ model: LanguageModel, _ world: TinyWorld, step: Int) throws -> [TextSample] {
    let generator = TextGenerator(model)
    let question = world.questions(.facts, count: 1).map(\.prompt)
    return try (["", "Question:"] + question).enumerated().map { index, prompt in
      let settings = SamplingSettings(temperature: 0.7, topP: 0.95, seed: UInt64(index), maxTokens: 80)
      return TextSample(step: step, prompt: prompt, completion: try generator.generate(prompt, settings: settings).text)
    }
  }

  private func save(_ results: [HeldOutResult], _ samples: [TextSample], in folder: String) throws {
    try AtomicFile.write(
      HeldOutResult.json(results).serialized(pretty: true), to: folder.appendingPath("results.json"))
    let lines = samples.map { $0.json.serializedString(pretty: false) + "\n" }.joined()
    try AtomicFile.write(lines, to: folder.appendingPath("samples.jsonl"))
    try AtomicFile.write(
      RunReport.html([try RunRecord(folder: folder)]), to: folder.appendingPath("report.html"))
  }
}
