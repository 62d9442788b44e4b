extension RunConfiguration {
  /// A mixture of folders with token files, in nanotron's Nanoset form.
  public struct TokenDataset: Sendable, Equatable {
    /// Folders with `.ds` files.
    public var folders: [String]
    /// Share of the samples drawn from each folder, not normalised. `nil`: by the folders' sizes.
    public var weights: [Double]?
    /// One local copy a folder, read instead of it where it exists.
    public var readPaths: [String]?

    init(_ node: ConfigurationNode, path: String, notes: inout ReadingNotes) throws(ConfigurationError) {
      if case .mapping(let entries) = node.content {
        for entry in entries where entry.key.hasPrefix("hf_dataset") || entry.key == "sft_dataloader" {
          throw ConfigurationError(
            place: entry.place, key: ConfigurationSection.join(path, entry.key),
            reason: "a Hugging Face dataset cannot be read directly; make token files with `apus data prepare` and "
              + "name their folder as dataset_folder")
        }
      }
      let section = try notes.section(
        node, path, known: ["dataset_folder", "dataset_weights", "dataset_read_path"],
        withoutEffect: [
          "tokenizer_name": "null", "vocab_size": "null", "token_size_in_bytes": "null", "return_positions": "true",
          "skip_in_stream": "false", "pad_samples_to_global_batch_size": "false", "dataset_max_tokens": "null",
          "shuffle_files": "false", "use_old_brrr_dataloader": "false",
        ])
      (folders, weights) = try Self.folders(section)
      if let given = section["dataset_weights"] {
        guard weights == nil else {
          throw section.error("dataset_weights", "dataset_folder gives weights too; keep one of the two")
        }
        weights = try Self.weights(given, key: section.childPath("dataset_weights"))
      }
      if let weights {
        guard weights.count == folders.count else {
          throw section.error("dataset_weights", "\(weights.count) weights for \(folders.count) folders; give one each")
        }
        guard weights.contains(where: { $0 > 0 }) else {
          throw section.error("dataset_weights", "all weights are 0; at least one must be above")
        }
      }
      readPaths = try section.strings("dataset_read_path")
      if let readPaths, readPaths.count != folders.count {
        throw section.error("dataset_read_path", "\(readPaths.count) paths for \(folders.count) folders; give one each")
      }
    }

    private static func folders(
      _ section: ConfigurationSection
    ) throws(ConfigurationError) -> ([String], [Double]?) {
      guard let node = section["dataset_folder"] else {
        throw section.error("dataset_folder", "missing; name the folder or folders that `apus data prepare` wrote")
      }
      var folders: [String] = []
      var weights: [Double]?
      if case .mapping(let entries) = node.content {
        folders = entries.map(\.key)
        var values: [Double] = []
        for entry in entries {
          values.append(try weight(entry.value, key: section.childPath("dataset_folder.\(entry.key)")))
        }
        weights = values
      } else {
        folders = try section.strings("dataset_folder") ?? []
      }
      guard !folders.isEmpty, folders.allSatisfy({ !$0.isEmpty }) else {
        throw section.error("dataset_folder", "no folder is named")
      }
      return (folders, weights)
    }

    private static func weights(_ node: ConfigurationNode, key: String) throws(ConfigurationError) -> [Double] {
      guard case .sequence(let items) = node.content else { return [try weight(node, key: key)] }
      var values: [Double] = []
      for (index, item) in items.enumerated() { values.append(try weight(item, key: "\(key).\(index)")) }
      return values
    }

    private static func weight(_ node: ConfigurationNode, key: String) throws(ConfigurationError) -> Double {
      guard let value = node.number, value.isFinite, value >= 0 else {
        throw ConfigurationError(place: node.place, key: key, reason: "\(node.shown) is not a weight of 0 or more")
      }
      return value
    }

    var yaml: YAMLValue {
      .mapping([
        "dataset_folder": .list(folders.map(YAMLValue.string)),
        "dataset_weights": .optional(weights) { .list($0.map(YAMLValue.double)) },
        "dataset_read_path": .optional(readPaths) { .list($0.map(YAMLValue.string)) },
      ])
    }
  }
}
