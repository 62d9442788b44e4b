import Formats

/// Every question of a task with what was answered, for people and programs that look closer.
enum DetailsFile {
  /// Writes the details beside the results, as JSON lines.
  static func write(_ details: [TaskResult.Detail], to stem: String) throws {
    try AtomicFile.write(to: "\(stem).jsonl") { file in
      for detail in details {
        let line: JSON = ["doc": detail.doc, "model_response": detail.response, "metric": detail.metrics]
        try file.write(line.serializedString() + "\n")
      }
    }
  }
}
