import Formats

/// Every question of a task with what was answered, for people and programs that look closer.
public enum DetailsFormat: String, Sendable, CaseIterable {
  case parquet, jsonl

  /// Writes the details to `STEM.parquet` or `STEM.jsonl`: a row a question with `doc`, `model_response` and `metric`.
  func write(_ details: [TaskResult.Detail], to stem: String) throws {
    let rows = details.map { detail -> JSON in
      ["doc": detail.doc, "model_response": detail.response, "metric": detail.metrics]
    }
    switch self {
    case .parquet: try ParquetWriter.write(rows, to: "\(stem).parquet", compression: .none)
    case .jsonl:
      try AtomicFile.write(to: "\(stem).jsonl") { file in
        for row in rows { try file.write(row.serializedString() + "\n") }
      }
    }
  }
}
