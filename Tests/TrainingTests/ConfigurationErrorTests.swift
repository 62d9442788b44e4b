import Testing
import Training

/// The message of reading `yaml`, or a note that it was accepted.
private func message(_ yaml: String, set: [String] = [], file: String = "config.yaml") -> String {
  do throws(ConfigurationError) {
    var overrides: [ConfigurationOverride] = []
    for text in set { overrides.append(try ConfigurationOverride(text)) }
    _ = try RunConfiguration.parse(yaml: yaml, file: file, overrides: overrides)
    return "accepted"
  } catch {
    return "\(error)"
  }
}

private let minimal = "tokens: {sequence_length: 128, train_steps: 10}\n"

@Suite struct ConfigurationErrorTests {
  @Test func theMinimumIsAccepted() { #expect(message(minimal) == "accepted") }

  @Test func aWrongChoiceNamesLineKeyValueAndWhatIsAllowed() {
    let yaml = baseline.replacing("cosine", with: "cosin")
    #expect(
      message(yaml)
        == "config.yaml line 28: optimizer.learning_rate_scheduler.lr_decay_style: 'cosin' is not one of linear, "
        + "cosine, 1-sqrt")
  }

  @Test func aMisspelledKeyIsSuggested() {
    #expect(
      message(minimal + "optimizer:\n  wieght_decay: 0.1\n")
        == "config.yaml line 3: optimizer.wieght_decay: there is no such key in section optimizer; "
        + "did you mean 'weight_decay'?")
    #expect(message(minimal + "tokenz: {}\n").contains("did you mean 'tokens'?"))
    #expect(message(minimal + "apus: {keep-every: 5}\n").contains("did you mean 'keep_every'?"))
    #expect(message(minimal + "tokenizer: {zzz: 5}\n").contains("known here: tokenizer_name_or_path"))
    #expect(message(minimal + "lighteval: {tasks: {taskz: a}}\n").contains("did you mean 'tasks'?"))
  }

  @Test(arguments: [
    ("tokens: {sequence_length: many, train_steps: 1}", "line 1: tokens.sequence_length: 'many' is not a whole number"),
    ("tokens: {sequence_length: 1.5, train_steps: 1}", "'1.5' is not a whole number"),
    ("tokens: {sequence_length: 0, train_steps: 1}", "0 is out of range; it must be from 1 to"),
    ("tokens: {train_steps: 1}", "tokens.sequence_length: missing"),
    ("general: {}", "config.yaml: tokens.sequence_length: missing"),
    ("tokens: 5", "tokens: '5' is not a section"),
    ("tokens: [1]", "a list of 1 is not a section"),
    ("- 1", "is not a section"),
    ("a: b: c", "this is not valid YAML"),
    ("a: 'x", "this is not valid YAML"),
    ("tokens: {train_steps: 1, train_steps: 2}", "train_steps: the key is given twice"),
    ("? [a]\n: b", "a key must be a plain word"),
    ("a: *nowhere", "config.yaml"),
  ])
  func wrongTypesAndShapes(yaml: String, part: String) {
    #expect(message(yaml).contains(part), "\(message(yaml))")
  }

  @Test(arguments: [
    ("model: {model_config: {moe_config: {top_k: 9}}}", "9 exceeds num_experts 8"),
    ("model: {model_config: {moe_config: {layers: [0, 99]}}}", "it must list layers from 0 to 31"),
    ("model: {model_config: {hidden_act: gelu}}", "'gelu' is not supported"),
    ("model: {model_config: {attention_bias: true}}", "it must be false"),
    ("model: {model_config: {rope_interleaved: true}}", "apus.architecture has rope_interleaved"),
    ("model: {init_method: {use_mup: true}}", "apus.mup has the maximal update parametrization"),
    ("apus: {mup: {base_head_dim: 8}}", "apus.mup.base_width: missing"),
    ("apus: {mup: {width: 8}}", "there is no such key in section apus.mup"),
    ("apus: {init_cutoff_factor: 0.1}", "must be from 0.5 to 100"),
    ("model: {init_method: {path: x}}\napus: {init_cutoff_factor: 3}", "the weights come from init_method.path"),
    ("model: {init_method: {path: x, std: 0.1}}", "keep one of the two"),
    ("model: {init_method: {std: 0.1, scaling_method: MODEL_SCALE}}", "'MODEL_SCALE' is not one of NUM_LAYERS, LAYER_INDEX, NONE"),
    ("model: {dtype: float16}", "'float16' is not one of bfloat16, float32"),
    ("model: {model_config: {num_attention_heads: 6, num_key_value_heads: 4, hidden_size: 48}}", "4 does not divide"),
    ("model: {model_config: {num_attention_heads: 5, hidden_size: 48}}", "5 does not divide hidden_size 48"),
    ("model: {model_config: {num_attention_heads: 16, hidden_size: 48}}", "heads of width 3 are odd"),
    ("model: {model_config: {no_rope_layer: 5}}", "5 does not divide num_hidden_layers 32"),
    ("model: {model_config: {no_rope_layer: 4}}\napus: {qk_norm: true}", "belongs to no model family"),
    ("model: {model_config: {max_position_embeddings: 64}}", "128 exceeds max_position_embeddings 64"),
    ("model: {model_config: {flex_attention_mask: sliding_window}}", "needs sliding_window_size"),
    ("model: {model_config: {rope_scaling: {type: longrope}}}", "'longrope' is not one of llama3, yarn, linear, default"),
    ("model: {model_config: {rope_scaling: {type: yarn, factor: 4}}}", "original_max_position_embeddings: missing"),
    ("model: {model_config: {rope_scaling: {type: linear}}}", "factor: missing"),
    ("model: {model_config: {vocab_size: 10, eos_token_id: 10}}", "10 is outside the vocabulary of 10"),
    ("optimizer: {optimizer_factory: {name: sgd}}", "'sgd' is not one of adamW, muon"),
    ("optimizer: {optimizer_factory: {name: lion, adam_beta1: 0.9}}", "known here: name, lion_beta1, lion_beta2"),
    ("optimizer: {optimizer_factory: {name: muon, ns_dtype: float16}}", "'float16' is not one of bfloat16, float32"),
    ("optimizer: {optimizer_factory: {name: muon, ns_steps: 0}}", "0 is out of range"),
    ("optimizer: {optimizer_factory: {name: muon, adamw_params: ['(']}}", "adamw_params.0: '(' is not a regular"),
    ("optimizer: {optimizer_factory: {name: ademamix, beta3: 1}}", "it must be at least 0 and below 1"),
    ("apus: {parameter_groups: {}}", "is not a list of groups"),
    ("apus: {parameter_groups: [{weight_decay: 0}]}", "params: missing"),
    ("apus: {parameter_groups: [{params: a, weight_decay: -1}]}", "it must be 0 or more"),
    ("optimizer: {learning_rate_scheduler: {lr_warmup_steps: 11}}", "11 steps of warm-up do not fit"),
    ("optimizer: {learning_rate_scheduler: {learning_rate: 1e-4, min_decay_lr: 1e-3}}", "is above learning_rate"),
    (
      "optimizer: {learning_rate_scheduler: {lr_warmup_steps: 5, lr_decay_starting_step: 2}}",
      "2 lies inside the warm-up"
    ),
    ("optimizer:\n  weight_decay_exclude_named_params:\n  - ok\n  - '(open'\n", "line 5: optimizer.weight"),
    ("data_stages: {name: x}", "is not a list of stages"),
    ("data_stages: [{start_training_step: 2}]", "no stage has start_training_step 1"),
    ("data_stages: [{}, {name: b}]", "start_training_step: missing"),
    ("data_stages: [{}, {name: stage 1, start_training_step: 3}]", "'stage 1' is taken"),
    ("data_stages: [{}, {start_training_step: 1}]", "1 is taken by an earlier stage"),
    ("data_stages: [{}, {start_training_step: 11}]", "lies after the last step"),
    ("data_stages: [{data: {dataset: {hf_dataset_or_datasets: x}}}]", "`apus data prepare`"),
    ("data_stages: [{data: {dataset: {dataset_folder: [a, b], dataset_weights: [1]}}}]", "1 weights for 2 folders"),
    ("data_stages: [{data: {dataset: {dataset_folder: {a: 1}, dataset_weights: [1]}}}]", "gives weights too"),
    ("data_stages: [{data: {dataset: {dataset_folder: {a: -1}}}}]", "'-1' is not a weight of 0 or more"),
    ("data_stages: [{data: {dataset: {dataset_folder: {a: 0}}}}]", "all weights are 0"),
    ("data_stages: [{data: {dataset: {}}}]", "dataset_folder: missing"),
    ("checkpoints: {checkpoints_path: 's3://x'}", "only local folders work"),
    ("general: {run: a/b}", "'a/b' cannot name a folder"),
    ("apus: {schedule: {warmup_fraction: 0.6, decay_fraction: 0.6}}", "exceed the whole run"),
    (
      "apus: {schedule: {decay_fraction: 0.6}}\noptimizer: {learning_rate_scheduler: {lr_decay_steps: 1}}",
      "keep one of the two"
    ),
    ("apus: {validation: {folder: [a/x, b/x]}}", "two folders go by the name 'x'"),
    ("apus: {device: tpu}", "'tpu' is not one of auto, cpu, cuda"),
    ("logging: {iteration_step_info_interval: 0}", "0 is out of range; it must be at least 1"),
    ("metrics_logging: {log_level: 3}", "from 0 to 1"),
    ("parallelism: {tp_linear_async_communication: maybe}", "'maybe' is not true or false"),
    ("parallelism: {pp_engine: gpipe}", "'gpipe' is not one of afab, 1f1b"),
  ])
  func impossibleValues(yaml: String, part: String) {
    let text = message(minimal + yaml)
    #expect(text.contains(part), "\(text)")
    #expect(text.hasPrefix("config.yaml line "), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test func contradictingValidationIntervals() {
    let yaml = "tokens: {sequence_length: 8, train_steps: 9, val_check_interval: 3}\napus: {validation: {interval: 4}}"
    #expect(message(yaml).contains("4 contradicts tokens.val_check_interval 3"))
  }

  @Test func absurdBatchesDoNotOverflow() {
    let sizes = [
      "tokens.micro_batch_size=1000000", "tokens.batch_accumulation_per_replica=1000000", "parallelism.dp=65536",
      "tokens.train_steps=1e12", "tokens.sequence_length=1_000_000",
    ]
    #expect(message(minimal, set: sizes).contains("beyond any run's"))
  }

  @Test func aliasesMayNotMultiply() {
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      let reference = "*a\(level - 1)"
      yaml += "a\(level): &a\(level) [" + [String](repeating: reference, count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(message(yaml).contains("aliases may not multiply it"))
  }

  @Test func mergeKeysBringDefaults() throws {
    let yaml = "tokens:\n  <<: {sequence_length: 64, train_steps: 3}\n  train_steps: 7\n"
    let run = try RunConfiguration.parse(yaml: yaml, file: "x.yaml").configuration
    #expect(run.tokens.sequenceLength == 64 && run.tokens.trainSteps == 7)
  }

  /// Random damage to the baseline ends in a configuration or one sentence, never in a crash.
  @Test func damagedTextNeverCrashes() {
    var state: UInt64 = 20_25
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    let pieces = ["\n", ":", "- ", "{", "[", "]", "&a ", "*a", "\"", "'", "!!int ", "\t", "9999999999999999999", "#", "|"]
    var refused = 0
    for _ in 0..<3000 {
      var bytes = Array(baseline.utf8)
      for _ in 0...next(3) {
        let at = next(bytes.count)
        switch next(3) {
        case 0: bytes.remove(at: at)
        case 1: bytes.insert(contentsOf: pieces[next(pieces.count)].utf8, at: at)
        default: bytes[at] = UInt8(next(256))
        }
      }
      let text = message(String(decoding: bytes, as: UTF8.self))
      #expect(!text.contains("\n"), "\(text)")
      refused += text == "accepted" ? 0 : 1
    }
    #expect(refused > 1000)
    let deep = String(repeating: "[", count: 5000)
    #expect(message(deep).contains("not valid YAML"))
    #expect(message("a: " + deep + String(repeating: "]", count: 5000)).contains("not valid YAML"))
    var nested = ""
    for level in 0..<900 { nested += String(repeating: " ", count: level) + "a:\n" }
    #expect(message(nested) != "accepted")
  }
}
