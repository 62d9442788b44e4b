import Models
import Optimization
import Testing
import Training

/// The playbook's 1B baseline, with its folders and tokenizer changed.
let baseline = """
  data_stages:
  - data:
      dataset:
        dataset_folder:
        - tokens/web
        - tokens/code
        - tokens/math
        dataset_weights:
        - 0.7
        - 0.2
        - 0.1
  model:
    model_config:
      hidden_size: 2048
      num_hidden_layers: 16
      num_attention_heads: 32
      num_key_value_heads: 8
      intermediate_size: 8192
      max_position_embeddings: 4096
      rope_theta: 50000.0
      tie_word_embeddings: true
  optimizer:
    clip_grad: 1.0
    learning_rate_scheduler:
      learning_rate: 0.0005
      lr_decay_starting_step: 2000
      lr_decay_steps: 18000
      lr_decay_style: cosine
      lr_warmup_steps: 2000
      lr_warmup_style: linear
      min_decay_lr: 5.0e-05
    optimizer_factory:
      adam_beta1: 0.9
      adam_beta2: 0.95
      adam_eps: 1.0e-08
      name: adamW
  parallelism:
    dp: 8  # replicas
    tp: 1
    pp: 1
  tokenizer:
    tokenizer_max_length: 4096
    tokenizer_name_or_path: tokenizer
  tokens:
    batch_accumulation_per_replica: 16
    micro_batch_size: 3
    sequence_length: 4096
    train_steps: 20000
  """

@Suite struct BaselineConfigurationTests {
  @Test func everyValueIsRead() throws {
    let (run, warnings) = try RunConfiguration.parse(yaml: baseline, file: "configs/baseline.yaml")
    #expect(run.general.run == "baseline")
    #expect(run.general.seed == 42)
    #expect(run.dataStages.count == 1)
    let stage = try #require(run.dataStages.first)
    #expect(stage.name == "stage 1" && stage.startTrainingStep == 1 && stage.sequenceLength == 4096)
    #expect(stage.dataset?.folders == ["tokens/web", "tokens/code", "tokens/math"])
    #expect(stage.dataset?.weights == [0.7, 0.2, 0.1])
    #expect(run.optimizer.schedule.peak == 5e-4)
    #expect(run.optimizer.schedule.minimum == 5e-5)
    #expect(run.optimizer.schedule.decayStyle == .cosine)
    #expect(run.optimizer.weightDecay == 0.1)
    #expect(run.optimizer.gradientClipNorm == 1)
    #expect(run.optimizer.rule.isEqual(to: AdamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-8)))
    #expect(run.checkpoints.interval == 1000 && run.checkpoints.saveFinalState)
    #expect(run.model.initialization == .random(standardDeviation: 0.02, scaling: .depth))
    #expect(run.model.computeType == .bfloat16)
    #expect(run.model.shape.vocabularySize == nil)
    #expect(run.tokenizerPath == "tokenizer")
    #expect(run.globalBatchSize == 384)
    #expect(run.totalTokens == 384 * 4096 * 20000)
    #expect(warnings == ["baseline.yaml: tokenizer.tokenizer_max_length is set but has no effect here."])
    let model = try run.modelConfiguration(vocabularySize: 128256, endOfText: 128001, file: "baseline.yaml")
    #expect(
      model
        == ModelConfiguration(
          vocabularySize: 128256, hiddenSize: 2048, intermediateSize: 8192, layerCount: 16, headCount: 32,
          keyValueHeadCount: 8, contextLength: 4096, ropeTheta: 50000, tiedEmbeddings: true,
          endOfTextToken: 128001))
    #expect(throws: ConfigurationError.self) { try run.modelConfiguration(file: "baseline.yaml") }
  }

  @Test func eightReplicasOnOneProcessKeepTheGlobalBatch() throws {
    let run = try RunConfiguration.parse(yaml: baseline, file: "b.yaml").configuration
    let alone = try run.batchLayout()
    #expect(alone.microBatchSize == 3 && alone.accumulation == 128 && alone.globalBatchSize == 384)
    let warning = try #require(alone.warning)
    #expect(warning.contains("8 processes (dp 8)") && warning.contains("384 sequences"))
    let eight = try run.batchLayout(processes: 8)
    #expect(eight.accumulation == 16 && eight.globalBatchSize == 384 && eight.warning == nil)
    #expect(throws: ConfigurationError.self) { try run.batchLayout(processes: 7) }
    let split = try RunConfiguration.parse(
      yaml: baseline, file: "b.yaml", overrides: [ConfigurationOverride("parallelism.tp=2")])
    #expect(try split.configuration.batchLayout().accumulation == 128)
    #expect(try split.configuration.batchLayout().warning?.contains("16 processes (dp 8, tp 2)") == true)
  }

  @Test func resolvedYAMLReadsBackEqual() throws {
    let overrides = [
      [], ["model.init_method.path=models/base", "model.model_config=null"],
      [
        "apus.validation.folder={web: tokens/web/validation, 'a: \"odd\" #name': x}", "apus.schedule.warmup_fraction=0.1",
        "optimizer.learning_rate_scheduler={learning_rate: 1e-3, lr_decay_style: 1-sqrt}",
        "optimizer.optimizer_factory={name: ademamix, alpha_warmup: 100}",
        "apus.schedule.decay_fraction=.2", "apus.qk_norm=true", "apus.head_dim=128", "apus.threads=2",
        "general.run='on'", "general.project='multi\\nline: \"x\"'", "tokenizer.tokenizer_name_or_path='007'",
      ],
      [
        "model.model_config.rope_scaling={type: llama3, factor: 32.0, low_freq_factor: 1.0, high_freq_factor: 4.0, "
          + "original_max_position_embeddings: 8192}",
        "model.model_config.flex_attention_mask=sliding_window_document", "model.model_config.sliding_window_size=512",
        "optimizer.clip_grad=null", "optimizer.weight_decay_exclude_named_params=['.*token_embedding.*', 'a\\.b']",
        "data_stages.1={name: decay, start_training_step: 18000, sequence_length: 2048, "
          + "data: {seed: 7, dataset: {dataset_folder: {a: 1, b: 0.5}}}}",
        "apus.keep_checkpoints=null", "apus.validation.folder=[]", "model.dtype=float32",
        "model.model_config.z_loss_enabled=true", "parallelism.recompute_layer=true",
        "optimizer.optimizer_factory={name: Muon, update_scale: original, ns_dtype: float32, nesterov: false, "
          + "muon_params: [lm_head], adamw_params: ['.*router'], adamw_learning_rate_factor: 0.1}",
        "apus.parameter_groups=[{params: ['.*embed.*'], learning_rate_factor: 0.5}, {params: a, weight_decay: 0}]",
        "checkpoints.checkpoints_path=/tmp/a b", "model.init_method={std: 1e-2, scaling_method: none}",
        "apus.init_cutoff_factor=2.5", "apus.mup={base_width: 256, base_head_dim: 32}",
      ],
      [
        "model.init_method={std: 1e-2, scaling_method: layer_index}", "apus.mup.base_width=256",
      ],
    ]
    for set in overrides {
      let first = try RunConfiguration.parse(
        yaml: baseline, file: "b.yaml", overrides: set.map { try ConfigurationOverride($0) })
      let text = first.configuration.resolvedYAML
      let second = try RunConfiguration.parse(yaml: text, file: "config.yaml")
      #expect(second.configuration == first.configuration, "\(text)")
      #expect(second.warnings.isEmpty, "\(second.warnings)")
      #expect(second.configuration.resolvedYAML == text)
    }
  }
}
