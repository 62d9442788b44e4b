import Models

/// A training run as nanotron's YAML describes it, with every default filled in.
///
/// Missing keys take the defaults stated at each property; a misspelled key, a wrong type or an impossible combination
/// is an error that names the line. Keys that nanotron knows and that change nothing here are accepted and named in
/// one warning. The section `apus` holds what nanotron has no key for.
public struct RunConfiguration: Sendable, Equatable {
  public var general: General
  public var checkpoints: Checkpoints
  /// In order of their first steps; empty when the file names no data.
  public var dataStages: [DataStage]
  public var model: Model
  public var optimizer: Optimizer
  public var parallelism: Parallelism
  /// Folder of the tokenizer (`tokenizer.tokenizer_name_or_path`).
  public var tokenizerPath: String?
  public var tokens: Tokens
  /// Steps between two lines of a log that is no terminal (`logging.iteration_step_info_interval`). Default 1.
  public var logInterval: Int
  public var apus: Apus

  /// Sizes above this are refused, so that products of three of them cannot overflow silently.
  static let largestSize = 1 << 30

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - yaml: The text of the file.
  ///   - file: Its path; its last part stands in errors and, without extension, is the default name of the run.
  ///   - overrides: Changes from the command line, applied in order before anything is checked.
  /// - Returns: The configuration, and warnings of one sentence each.
  /// - Throws: `ConfigurationError` naming the place, the key, the value and what is allowed.
  public static func parse(
    yaml: String, file: String, overrides: [ConfigurationOverride] = []
  ) throws(ConfigurationError) -> (configuration: RunConfiguration, warnings: [String]) {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    var root = try ConfigurationNode.parse(yaml: yaml, file: name)
    for override in overrides { root = try override.apply(to: root) }
    var notes = ReadingNotes(file: name)
    let configuration = try RunConfiguration(root, file: name, notes: &notes)
    try configuration.checkCombinations(root, file: name)
    var warnings: [String] = []
    if !notes.keysWithoutEffect.isEmpty {
      let keys = notes.keysWithoutEffect
      warnings.append(
        "\(name): \(keys.joined(separator: ", ")) \(keys.count == 1 ? "is" : "are") set but "
          + "\(keys.count == 1 ? "has" : "have") no effect here.")
    }
    return (configuration, warnings)
  }

  private init(_ root: ConfigurationNode, file: String, notes: inout ReadingNotes) throws(ConfigurationError) {
    let top = try notes.section(
      root, "",
      known: [
        "general", "checkpoints", "data_stages", "model", "optimizer", "parallelism", "tokenizer", "tokens", "logging",
        "metrics_logging", "profiler", "s3_upload", "lighteval", "apus",
      ])
    let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
    general = try General(top["general"], defaultRun: stem.isEmpty ? "run" : stem, notes: &notes)
    checkpoints = try Checkpoints(top["checkpoints"], notes: &notes)
    let tokensSection = try Tokens.section(top["tokens"], notes: &notes)
    tokens = try Tokens(tokensSection)
    let apusSection = try notes.section(top["apus"], "apus", known: Apus.keys)
    apus = try Apus(apusSection, tokens: tokensSection, trainSteps: tokens.trainSteps, notes: &notes)
    let schedule = try ApusSchedule(apusSection, notes: &notes)
    dataStages = try Self.stages(top, sequenceLength: tokens.sequenceLength, notes: &notes)
    model = try Model(
      top["model"], sequenceLength: max(tokens.sequenceLength, dataStages.map(\.sequenceLength).max() ?? 0),
      notes: &notes)
    optimizer = try Optimizer(
      top["optimizer"], trainSteps: tokens.trainSteps, sugar: schedule, notes: &notes)
    parallelism = try Parallelism(top["parallelism"], notes: &notes)
    let tokenizer = try notes.section(
      top["tokenizer"], "tokenizer", known: ["tokenizer_name_or_path"],
      withoutEffect: ["tokenizer_revision": "null", "tokenizer_max_length": "null"])
    tokenizerPath = try tokenizer.string("tokenizer_name_or_path")
    let logging = try notes.section(
      top["logging"], "logging", known: ["iteration_step_info_interval"],
      withoutEffect: ["log_level": "info", "log_level_replica": "info"])
    logInterval = try logging.integer("iteration_step_info_interval", in: 1...Int.max) ?? 1
    try SectionsWithoutEffect.read(top, notes: &notes)
  }

  private static func stages(
    _ top: ConfigurationSection, sequenceLength: Int, notes: inout ReadingNotes
  ) throws(ConfigurationError) -> [DataStage] {
    guard let node = top["data_stages"] else { return [] }
    guard case .sequence(let items) = node.content else {
      throw top.error("data_stages", "\(node.shown) is not a list of stages; begin each with '- '")
    }
    var stages: [DataStage] = []
    for (index, item) in items.enumerated() {
      let stage = try DataStage(item, index: index, sequenceLength: sequenceLength, notes: &notes)
      for other in stages {
        let (key, value) =
          other.name == stage.name
          ? ("name", "'\(stage.name)'") : ("start_training_step", "\(stage.startTrainingStep)")
        if other.name == stage.name || other.startTrainingStep == stage.startTrainingStep {
          throw ConfigurationError(
            place: item.place, key: "data_stages.\(index).\(key)", reason: "\(value) is taken by an earlier stage")
        }
      }
      stages.append(stage)
    }
    stages.sort { $0.startTrainingStep < $1.startTrainingStep }
    if let first = stages.first, first.startTrainingStep != 1 {
      throw top.error("data_stages", "no stage has start_training_step 1, so the run would begin without data")
    }
    return stages
  }
}
