extension RunConfiguration {
  /// The whole configuration with every default as YAML; reading it gives an equal value.
  public var resolvedYAML: String {
    YAMLValue.mapping([
      "general": general.yaml,
      "checkpoints": checkpoints.yaml,
      "data_stages": dataStages.isEmpty ? .null : .list(dataStages.map(\.yaml)),
      "model": model.yaml,
      "optimizer": optimizer.yaml,
      "parallelism": parallelism.yaml,
      "tokenizer": .mapping(["tokenizer_name_or_path": .optional(tokenizerPath, YAMLValue.string)]),
      "tokens": tokens.yaml,
      "logging": .mapping(["iteration_step_info_interval": .int(logInterval)]),
      "apus": apus.yaml(schedule: optimizer.schedule.apusYAML),
    ]).text
  }
}
