import Formats

/// The sizes of the quick start: a model that learns the tiny world in minutes on two cores.
///
/// Few tokens are to be had in minutes, so updates are small and many: at equal tokens, batches of 512 learn the world
/// far better than batches of 4,096 (docs/LOG.md).
public struct QuickstartRecipe: Sendable, Equatable {
  public var vocabularySize = 2048
  public var hiddenSize = 192
  public var intermediateSize = 512
  public var layers = 3
  public var heads = 6
  public var keyValueHeads = 6
  public var sequenceLength = 256
  public var batchSize = 2
  public var learningRate = 1e-3
  public var seed = 42
  /// Text that is written for each minute of training, bytes.
  public var textBytesPerMinute = 8_000_000

  /// The standard recipe.
  public init() {}

  /// The run's configuration, the same file that `apus train` reads.
  func yaml(steps: Int, tokens: String, tokenizer: String, folder: String) -> String {
    let warmup = max(1, steps / 20)
    let decay = max(1, steps * 4 / 10)
    return """
      # Written by `apus quickstart`; `apus train` reads it too.
      general:
        project: quickstart
        run: quickstart
        seed: \(seed)
      tokenizer:
        tokenizer_name_or_path: \(JSON.string(tokenizer).serializedString(pretty: false))
      data_stages:
      - data:
          dataset:
            dataset_folder: \(JSON.string(tokens).serializedString(pretty: false))
      model:
        model_config:
          hidden_size: \(hiddenSize)
          intermediate_size: \(intermediateSize)
          num_hidden_layers: \(layers)
          num_attention_heads: \(heads)
          num_key_value_heads: \(keyValueHeads)
          max_position_embeddings: \(sequenceLength)
          tie_word_embeddings: true
          _use_doc_masking: true
      optimizer:
        weight_decay: 0.1
        clip_grad: 1.0
        optimizer_factory: {name: adamW, adam_beta1: 0.9, adam_beta2: 0.95, adam_eps: 1.0e-8}
        learning_rate_scheduler:
          learning_rate: \(learningRate)
          lr_warmup_steps: \(warmup)
          lr_warmup_style: linear
          lr_decay_style: 1-sqrt
          lr_decay_starting_step: \(max(warmup, steps - decay))
          lr_decay_steps: \(decay)
          min_decay_lr: 0
      tokens:
        sequence_length: \(sequenceLength)
        train_steps: \(steps)
        micro_batch_size: \(batchSize)
        batch_accumulation_per_replica: 1
      checkpoints:
        checkpoint_interval: \(max(1, steps))
      apus:
        run_folder: \(JSON.string(folder).serializedString(pretty: false))
        validation:
          interval: \(max(1, steps / 6))
          batches: 4

      """
  }
}
