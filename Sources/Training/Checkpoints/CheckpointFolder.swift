import Formats

/// The folder that holds a run's checkpoints, each named by its step.
public struct CheckpointFolder: Sendable {
  /// Its path.
  public let path: String

  /// A folder that need not exist yet.
  public init(_ path: String) { self.path = path }

  /// Steps of the checkpoints, newest first.
  public func steps() throws -> [Int] {
    guard Paths.isFolder(path) else { return [] }
    return try Paths.names(inFolder: path).compactMap { name in Int(name).flatMap { String($0) == name ? $0 : nil } }
      .sorted(by: >)
  }

  /// The checkpoint of `step`.
  public func checkpoint(_ step: Int) -> Checkpoint { Checkpoint(path: path.appendingPath(String(step))) }

  /// The newest checkpoint that is whole.
  /// - Parameter damaged: called with the reason for each newer one that is not.
  /// - Throws: when there are checkpoints but none is whole, so that a run is not begun anew over them.
  public func newestWhole(damaged: (CheckpointDamaged) -> Void) throws -> Checkpoint? {
    let steps = try steps()
    for step in steps {
      let checkpoint = checkpoint(step)
      do {
        try checkpoint.verify()
        return checkpoint
      } catch let error as CheckpointDamaged {
        damaged(error)
      }
    }
    if steps.isEmpty { return nil }
    throw FileError(
      path: path,
      problem: "holds checkpoints but none is whole; restore one from a copy, or move the folder away to start anew")
  }

  /// Removes what killed processes left half written.
  public func removeAbandoned() throws {
    guard Paths.isFolder(path) else { return }
    for name in try Paths.names(inFolder: path) {
      let step = String(name.prefix { $0 != "." })
      if name.contains(".partial-") { try AtomicFolder.removeAbandoned(of: path.appendingPath(step)) }
      if name.contains(".replaced-"), Paths.exists(path.appendingPath(step)) {
        try Paths.remove(path.appendingPath(name))
      }
    }
  }

  /// Removes old checkpoints: the newest `keep` stay (nil: all), and those at multiples of `every`.
  public func prune(keep: Int?, every: Int?) throws {
    guard let keep else { return }
    for step in try steps().dropFirst(keep) {
      if let every, step % every == 0 { continue }
      try Paths.remove(checkpoint(step).path)
    }
  }
}
