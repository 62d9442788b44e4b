public import Formats
public import Tensors

extension RunConfiguration {
  /// The `apus` section: everything that nanotron's schema has no key for.
  public struct Apus: Sendable, Equatable {
    /// `apus.run_folder`: where configuration, metrics, report and checkpoints are written.
    /// Default: `runs/` and `general.run`.
    public var runFolder: String?
    /// `apus.device`: where the run computes. Default auto.
    public var device: DeviceChoice
    /// `apus.threads`: compute threads. Default: `APUS_THREADS`, or all cores.
    public var threads: Int?
    /// `apus.qk_norm`: RMSNorm on each query and key head, as in Qwen3. Default: as the starting folder has it, or no.
    /// Switched on where weights are taken over (`init_method.path`, a resumed checkpoint, the run's own), the norms begin
    /// at 1 and everything else goes on.
    public var queryKeyNorm: Bool?
    /// `apus.head_dim`: width of one attention head. Default: `hidden_size / num_attention_heads`.
    public var headDimension: Int?
    /// `apus.init_cutoff_factor`: first values further from 0 than so many standard deviations are drawn again (a
    /// truncated normal distribution; 3 in OLMo 2). Default null: none are.
    public var initializationCutoff: Double?
    /// `apus.mup`. Default null: the standard parametrization.
    public var maximalUpdate: MaximalUpdate?
    /// `apus.architecture`: what the model is made of beyond nanotron's keys
    /// (`ModelConfiguration.apply(architecture:path:)`). Default: a Llama, or what the starting folder has.
    public var architecture: JSON?
    /// `apus.first_token_of_document_is_target`: whether the first token of a document is predicted from the end of
    /// the one before. Default false: its loss is masked, as nanotron does.
    public var firstTokenOfDocumentIsTarget: Bool
    /// `apus.shuffle`: whether samples are read in a random order, a new one each epoch. Default true.
    public var shuffle: Bool
    /// `apus.keep_checkpoints`: how many of the newest checkpoints stay; null keeps all. Default 3.
    public var keepCheckpoints: Int?
    /// `apus.keep_every`: checkpoints at a multiple of this many steps stay for good. Default null: none.
    public var keepEvery: Int?
    /// `apus.report`: whether `report.html` is kept up to date in the run folder. Default true.
    public var report: Bool
    /// `apus.parameter_groups`: parameters with a rate or decay of their own. Default none.
    public var parameterGroups: [GroupRule]
    /// `apus.batch_warmup`: smaller batches of the first updates. Default none.
    public var batchWarmup: [BatchSchedule.Stretch]
    /// `apus.noise_scale_interval`: updates between two measurements of the gradient noise scale. Default null: none.
    public var noiseScaleInterval: Int?
    /// `apus.validation`.
    public var validation: Validation

    /// Loss on held-out data during the run.
    public struct Validation: Sendable, Equatable {
      /// One set of held-out token files.
      public struct Source: Sendable, Equatable {
        /// The name that its losses are reported under.
        public var name: String
        public var folder: String
      }

      /// `folder`: a path, a list of paths, or a mapping of names to paths. `nil`: the `validation` folder inside each
      /// dataset folder, where there is one.
      public var sources: [Source]?
      /// `interval`: steps between two validations. Default: `tokens.val_check_interval` where above 0, or else a
      /// twentieth of the run.
      public var interval: Int
      /// `batches`: micro-batches of each source that are read each time. Default: `tokens.limit_val_batches` where
      /// above 0, or else 32.
      public var batches: Int
    }

    static let keys = [
      "run_folder", "device", "threads", "qk_norm", "head_dim", "architecture", "first_token_of_document_is_target", "shuffle",
      "keep_checkpoints", "keep_every", "report", "validation", "schedule",
      "parameter_groups", "batch_warmup", "noise_scale_interval", "init_cutoff_factor", "mup",
    ]

    init(
      _ section: ConfigurationSection, tokens: ConfigurationSection, trainSteps: Int, notes: inout ReadingNotes
    ) throws(ConfigurationError) {
      runFolder = try section.string("run_folder")
      if runFolder == "" { throw section.error("run_folder", "the path is empty; leave the key out or name a folder") }
      let wanted = try section.string("device") ?? "auto"
      do throws(DeviceChoice.Unknown) {
        device = try DeviceChoice(wanted)
      } catch {
        throw section.error("device", error.description)
      }
      threads = try section.integer("threads", in: 1...4096)
      queryKeyNorm = try section.bool("qk_norm")
      headDimension = try section.integer("head_dim", in: 2...65_536)
      initializationCutoff = try section.number(
        "init_cutoff_factor", where: { $0 >= 0.5 && $0 <= 100 }, "from 0.5 to 100")
      maximalUpdate = try MaximalUpdate(section, notes: &notes)
      architecture = section["architecture"]?.json
      firstTokenOfDocumentIsTarget = try section.bool("first_token_of_document_is_target") ?? false
      shuffle = try section.bool("shuffle") ?? true
      keepCheckpoints =
        section.has("keep_checkpoints") ? try section.integer("keep_checkpoints", in: 1...1_000_000) : 3
      keepEvery = try section.integer("keep_every", in: 1...Int.max)
      report = try section.bool("report") ?? true
      parameterGroups = try GroupRule.list(section, notes: &notes)
      batchWarmup = try BatchSchedule.warmup(section, notes: &notes)
      noiseScaleInterval = try section.integer("noise_scale_interval", in: 1...Int.max)
      validation = try Validation(section, tokens: tokens, trainSteps: trainSteps, notes: &notes)
    }

    /// - Parameter schedule: what nanotron's scheduler has no key for.
    func yaml(schedule: YAMLValue) -> YAMLValue {
      .mapping([
        "run_folder": .optional(runFolder, YAMLValue.string),
        "device": .string(device.description),
        "threads": .optional(threads, YAMLValue.int),
        "qk_norm": .optional(queryKeyNorm, YAMLValue.bool),
        "head_dim": .optional(headDimension, YAMLValue.int),
        "init_cutoff_factor": .optional(initializationCutoff, YAMLValue.double),
        "mup": .optional(maximalUpdate, \.yaml),
        "architecture": .optional(architecture) { YAMLValue($0) },
        "first_token_of_document_is_target": .bool(firstTokenOfDocumentIsTarget),
        "shuffle": .bool(shuffle),
        "keep_checkpoints": .optional(keepCheckpoints, YAMLValue.int),
        "keep_every": .optional(keepEvery, YAMLValue.int),
        "report": .bool(report),
        "parameter_groups": .list(parameterGroups.map(\.yaml)),
        "schedule": schedule,
        "batch_warmup": BatchSchedule.yaml(batchWarmup),
        "noise_scale_interval": .optional(noiseScaleInterval, YAMLValue.int),
        "validation": validation.yaml,
      ])
    }
  }
}
