import Formats

/// The folder under which datasets stand, in the layout that they have on Hugging Face.
///
/// A split is one file or several: `OWNER/NAME/CONFIGURATION/SPLIT.jsonl`, `…/SPLIT-00000-of-00002.parquet`, also
/// without the owner, and below a folder `data`.
public struct DataRoot: Sendable {
  /// The folder.
  public let path: String
  /// What folders are called where a dataset has no configuration.
  private static let plainConfigurations = ["", "default", "none", "plain_text", "main", "data"]
  private static let endings = [".parquet", ".jsonl", ".jsonl.gz", ".json"]

  /// A root at a folder.
  public init(_ path: String) { self.path = path }

  /// The rows of a split.
  public struct Split: Sendable {
    /// Its name.
    public let name: String
    /// The files that hold it, in their order.
    public let files: [String]
  }

  /// The first of some splits that is there; nil where none is.
  /// - Throws: `FileError` where a folder cannot be listed.
  public func find(_ dataset: DatasetReference, splits: [String]) throws -> Split? {
    let folders = try self.folders(of: dataset)
    for split in splits {
      for folder in folders {
        let files = try Self.files(of: split, in: folder)
        if !files.isEmpty { return Split(name: split, files: files) }
      }
    }
    return nil
  }

  /// What to say where nothing was found.
  public func missing(_ dataset: DatasetReference, splits: [String]) -> EvaluationError {
    let place = path.appendingPath(dataset.paths.first ?? "")
    let folder = dataset.configurations.first.map { place.appendingPath($0) } ?? place
    return EvaluationError(
      "\(dataset.name):", "no \(splits.joined(separator: " or ")) split under \(path); expected a file such as "
        + "\(folder.appendingPath(splits.first ?? "test")).parquet or .jsonl (--data names the folder of datasets)")
  }

  /// Existing folders that may hold a dataset.
  private func folders(of dataset: DatasetReference) throws -> [String] {
    let own = dataset.configurations
    let configurations = own.isEmpty ? Self.plainConfigurations : own + own.map { "data/\($0)" }
    var folders: [String] = []
    for name in dataset.paths + dataset.paths.map(\.lastPathPart) {
      let folder = path.appendingPath(name)
      guard Paths.isFolder(folder) else { continue }
      for configuration in configurations {
        let own = configuration.isEmpty ? folder : folder.appendingPath(configuration)
        if Paths.isFolder(own), !folders.contains(own) { folders.append(own) }
      }
    }
    return folders
  }

  /// The files of a split in a folder, all of one kind: `SPLIT.ending` or `SPLIT-NNNNN-of-NNNNN.ending`.
  private static func files(of split: String, in folder: String) throws -> [String] {
    let names = try Paths.names(inFolder: folder)
    for ending in endings {
      let own = names.filter { name in
        guard name.hasPrefix(split), name.hasSuffix(ending) else { return false }
        let middle = name.dropFirst(split.count).dropLast(ending.count)
        return middle.isEmpty || middle.hasPrefix("-") && middle.allSatisfy { "-of0123456789".contains($0) }
      }
      if !own.isEmpty { return own.map { folder.appendingPath($0) } }
    }
    return []
  }
}
