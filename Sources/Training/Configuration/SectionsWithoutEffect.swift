/// Sections of nanotron that are accepted, checked for misspelled keys, and have no effect here.
enum SectionsWithoutEffect {
  static func read(_ root: ConfigurationSection, notes: inout ReadingNotes) throws(ConfigurationError) {
    let metrics = try notes.section(
      root["metrics_logging"], "metrics_logging", known: [],
      withoutEffect: ["log_level": "0", "log_detail_interval": "10"])
    _ = try metrics.integer("log_level", in: 0...1)

    try whole(root, "profiler", notes: &notes) { section, notes throws(ConfigurationError) in
      _ = try notes.section(
        section, "profiler", known: [
          "profiler_export_path", "wait", "warmup", "active", "repeat", "skip_first", "record_shapes",
          "profile_memory", "with_stack", "export_chrome_trace",
        ])
    }
    try whole(root, "s3_upload", notes: &notes) { section, notes throws(ConfigurationError) in
      _ = try notes.section(
        section, "s3_upload", known: [
          "upload_s3_path", "remove_after_upload", "s5cmd_numworkers", "s5cmd_concurrency", "s5cmd_path",
        ])
    }
    try whole(root, "lighteval", notes: &notes) { node, notes throws(ConfigurationError) in
      let section = try notes.section(
        node, "lighteval", known: [
          "slurm_script_dir", "logs_path", "local_checkpoint_dir", "parallelism", "batch_size", "generation", "tasks",
          "logging", "wandb", "slurm", "s3_save_path", "upload_to_wandb", "wandb_project", "wandb_entity",
          "output_dir", "nanotron_path", "eval_config_override", "eval_interval", "eval_interval_file",
        ])
      for (key, known) in lightevalKeys {
        _ = try notes.section(section[key], section.childPath(key), known: known)
      }
    }
  }

  /// One name in the warning stands for the whole section.
  private static func whole(
    _ root: ConfigurationSection, _ name: String, notes: inout ReadingNotes,
    _ check: (ConfigurationNode, inout ReadingNotes) throws(ConfigurationError) -> Void
  ) throws(ConfigurationError) {
    guard let node = root[name] else { return }
    try check(node, &notes)
    notes.keysWithoutEffect.append(name)
  }

  private static let lightevalKeys: KeyValuePairs<String, [String]> = [
    "parallelism": [
      "dp", "pp", "tp", "pp_engine", "tp_mode", "tp_linear_async_communication", "recompute_layer",
      "tp_recompute_allgather", "expert_parallel_size", "context_parallel_size", "moe_layer_recompute",
    ],
    "tasks": [
      "tasks", "custom_tasks", "max_samples", "num_fewshot_seeds", "dataset_loading_processes",
      "multichoice_continuations_start_space", "no_multichoice_continuations_start_space",
    ],
    "logging": [
      "local_output_path", "push_results_to_hub", "push_details_to_hub", "push_results_to_tensorboard",
      "hub_repo_results", "hub_repo_details", "hub_repo_tensorboard", "tensorboard_metric_prefix",
    ],
    "wandb": ["wandb_project", "wandb_entity", "wandb_run_name"],
    "slurm": ["gpus_per_node", "partition", "hf_cache", "cpus_per_task", "qos", "time", "reservation"],
  ]
}
