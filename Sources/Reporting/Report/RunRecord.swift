import Formats

/// Everything a run folder tells about its run.
public struct RunRecord: Sendable {
  /// The run's name: its folder's.
  public var name: String
  /// The text of `config.yaml`, every default filled in.
  public var configuration: String?
  /// The rows of `metrics.jsonl`.
  public var metrics: RunMetrics
  /// The lines of `samples.jsonl`.
  public var samples: [TextSample]
  /// The entries of `results.json`.
  public var results: [HeldOutResult]

  /// Creates a record.
  public init(
    name: String, configuration: String? = nil, metrics: RunMetrics, samples: [TextSample] = [],
    results: [HeldOutResult] = []
  ) {
    self.name = name
    self.configuration = configuration
    self.metrics = metrics
    self.samples = samples
    self.results = results
  }

  /// Reads a run folder. Only the metrics must be there.
  ///
  /// - Throws: `FileError` for a folder without `metrics.jsonl` or a file that cannot be read, `JSONError` for results
  ///   that are no JSON.
  public init(folder: String) throws {
    guard Paths.isFolder(folder) else { throw FileError(path: folder, problem: "is not a run folder") }
    let metrics = folder.appendingPath("metrics.jsonl")
    guard Paths.exists(metrics) else {
      throw FileError(path: folder, problem: "holds no metrics.jsonl, so it is not the folder of a training run")
    }
    let configuration = folder.appendingPath("config.yaml")
    let samples = folder.appendingPath("samples.jsonl")
    let results = folder.appendingPath("results.json")
    self.init(
      name: folder.lastPathPart,
      configuration: Paths.exists(configuration) ? try TextFile.read(configuration) : nil,
      metrics: try RunMetrics(file: metrics),
      samples: Paths.exists(samples) ? try TextSample.read(file: samples) : [],
      results: Paths.exists(results) ? try HeldOutResult.read(file: results) : [])
  }
}
