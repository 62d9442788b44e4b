import Models
import Testing
import Training

@Suite struct ConfigurationReadingTests {
  private func read(_ yaml: String) throws -> (configuration: RunConfiguration, warnings: [String]) {
    try RunConfiguration.parse(yaml: "tokens: {sequence_length: 128, train_steps: 10}\n" + yaml, file: "c.yaml")
  }

  @Test func oneWarningNamesAllKeysWithoutEffect() throws {
    let result = try read(
      """
      general: {project: p, ignore_sanity_checks: false, step: null}
      model: {ddp_bucket_cap_mb: 25, model_config: {is_llama_config: true, is_qwen2_config: false, pretraining_tp: 2,
        _use_qkv_packed: true, use_cache: TRUE, initializer_range: 0.02, _attn_implementation: ring}}
      optimizer: {zero_stage: 1, accumulate_grad_in_fp32: true}
      parallelism: {moe_layer_recompute: true, tp_mode: reduce_scatter, pp_engine: 1f1b}
      profiler: {profiler_export_path: x}
      s3_upload: {upload_s3_path: s3://x}
      lighteval: {tasks: {tasks: a}, slurm: {qos: high}}
      metrics_logging: {log_level: 1}
      """)
    #expect(
      result.warnings == [
        "c.yaml: general.ignore_sanity_checks, model.model_config.pretraining_tp, "
          + "model.model_config._attn_implementation, optimizer.zero_stage, parallelism.moe_layer_recompute, "
          + "parallelism.tp_mode, parallelism.pp_engine, metrics_logging.log_level, profiler, s3_upload, lighteval "
          + "are set but have no effect here."
      ])
  }

  @Test func lenientNumbers() throws {
    let run = try read(
      """
      optimizer: {weight_decay: "1e-2", learning_rate_scheduler: {learning_rate: 1e-4}, clip_grad: null}
      general: {seed: 1_000}
      checkpoints: {checkpoint_interval: 1e3, save_initial_state: yes}
      """
    ).configuration
    #expect(run.optimizer.weightDecay == 0.01 && run.optimizer.schedule.peak == 1e-4)
    #expect(run.optimizer.gradientClipNorm == nil)
    #expect(run.general.seed == 1000 && run.checkpoints.interval == 1000 && run.checkpoints.saveInitialState)
  }

  @Test func aSmolLM3LikeModelWithMaskingAndNoPE() throws {
    let run = try read(
      """
      model:
        make_vocab_size_divisible_by: 64
        model_config: {is_qwen2_config: true, hidden_size: 64, num_hidden_layers: 8, num_attention_heads: 4,
          num_key_value_heads: 2, intermediate_size: 128, no_rope_layer: 4, _use_doc_masking: true, vocab_size: 1000,
          rope_seq_len_interpolation_factor: 2.0, moe_config: null, z_loss_enabled: true, z_loss_coefficient: 1e-5}
        init_method: {std: 0.01, scaling_method: none}
      """
    ).configuration
    #expect(run.model.shape.documentMasking && run.model.shape.zLossEnabled)
    #expect(run.model.shape.zLossCoefficient == 1e-5)
    #expect(run.model.initialization == .random(standardDeviation: 0.01, scaling: .none))
    let model = try run.modelConfiguration(file: "c.yaml")
    #expect(model.family == .smollm3 && model.noRopeInterval == 4 && model.vocabularySize == 1024)
    #expect(model.ropeScaling == .linear(factor: 2) && model.initializerRange == 0.01)
    #expect(throws: ConfigurationError.self) { try run.modelConfiguration(vocabularySize: 1001, file: "c.yaml") }
  }

  @Test func aFamilyIsChosenThatOtherToolsLoad() throws {
    let sizes = "hidden_size: 60, num_attention_heads: 8, num_hidden_layers: 2, vocab_size: 9"
    func family(_ model: String, _ apus: String) throws -> ModelConfiguration.Family {
      let run = try read("model: {model_config: {\(sizes)\(model)}}\napus: {head_dim: 8\(apus)}").configuration
      return try run.modelConfiguration(file: "c.yaml").family
    }
    #expect(try family("", "") == .smollm3)
    #expect(try family("", ", qk_norm: true") == .qwen3)
    #expect(try family(", sliding_window_size: 4", "") == .smollm3)
  }

  @Test func stagesMayChangeTheSequenceLength() throws {
    let run = try read(
      """
      data_stages:
      - {name: late, start_training_step: 9, sequence_length: 256, data: {dataset: {dataset_folder: b}}}
      - {name: first, start_training_step: 1, data: {seed: 3, dataset: {dataset_folder: {a: 3, c: 1}}}}
      """
    ).configuration
    #expect(run.dataStages.map(\.name) == ["first", "late"])
    #expect(run.dataStages.map(\.sequenceLength) == [128, 256])
    #expect(run.dataStages[0].dataset?.folders == ["a", "c"] && run.dataStages[0].dataset?.weights == [3, 1])
    #expect(run.totalTokens == 8 * 128 + 2 * 256)
    #expect(run.model.shape.contextLength == 2048)
  }

  @Test func continuedPretrainingTakesTheFoldersSizes() throws {
    let base = ModelConfiguration(
      family: .qwen3, vocabularySize: 500, hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4,
      headDimension: 32, contextLength: 512, ropeTheta: 1e6, tiedEmbeddings: true)
    let run = try read("model: {init_method: {path: m}, model_config: {rope_theta: 2.0e6}}").configuration
    #expect(run.model.initialization == .folder("m"))
    var expected = base
    expected.ropeTheta = 2e6
    #expect(try run.modelConfiguration(vocabularySize: 480, base: base, file: "c.yaml") == expected)
    let wrong = try read("model: {init_method: {path: m}, model_config: {hidden_size: 128}}").configuration
    #expect(throws: ConfigurationError.self) { try wrong.modelConfiguration(base: base, file: "c.yaml") }
  }

  /// What a run configuration has no key for stays as in the folder; what the family lacks is refused.
  @Test(arguments: [Preset.gemma3With270M, .olmo2With1B, .gpt2With124M])
  func continuedPretrainingKeepsTheFamily(_ preset: Preset) throws {
    var base = preset.configuration
    base.attentionOutputBias = true
    let run = try read("model: {init_method: {path: m}}").configuration
    #expect(try run.modelConfiguration(vocabularySize: 480, base: base, file: "c.yaml") == base)
    func message(_ key: String) throws -> String {
      let run = try read("model: {init_method: {path: m}, model_config: {\(key): 700}}").configuration
      do {
        _ = try run.modelConfiguration(base: base, file: "c.yaml")
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(try message("no_rope_layer").contains("the \(base.family.rawValue) in init_method.path has no such setting"))
    #expect(try message("sliding_window_size") == "accepted" || base.family != .gemma3)
    #expect(try message("sliding_window_size").contains("no such setting") || base.family == .gemma3)
    #expect(try message("rope_theta").contains("no such setting") || base.family != .gpt2)
    #expect(try message("max_position_embeddings").contains("no such setting") || base.family != .gpt2)
  }

  @Test func theApusSection() throws {
    let run = try read(
      """
      apus:
        run_folder: out
        threads: 3
        qk_norm: true
        head_dim: 96
        first_token_of_document_is_target: true
        shuffle: false
        keep_checkpoints: 5
        keep_every: 1000
        report: false
        validation: {folder: [data/web/validation, data/code], interval: 2, batches: 7}
      """
    ).configuration
    #expect(run.runFolder(runName: "x") == "out" && run.checkpointsFolder(runName: "x") == "out/checkpoints")
    #expect(run.apus.threads == 3 && run.apus.queryKeyNorm == true && run.apus.headDimension == 96)
    #expect(run.apus.firstTokenOfDocumentIsTarget && !run.apus.shuffle && !run.apus.report)
    #expect(run.apus.keepCheckpoints == 5 && run.apus.keepEvery == 1000)
    #expect(run.apus.validation.sources?.map(\.name) == ["web", "code"])
    #expect(run.apus.validation.interval == 2 && run.apus.validation.batches == 7)
    let plain = try read("").configuration
    #expect(plain.apus.validation.sources == nil && plain.apus.validation.interval == 1)
    #expect(plain.apus.keepCheckpoints == 3 && plain.apus.shuffle)
    #expect(plain.runFolder(runName: "c") == "runs/c")
    #expect(plain.runName(date: "d", jobIdentifier: "j") == "c")
  }
}
