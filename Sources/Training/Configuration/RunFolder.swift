extension RunConfiguration {
  /// `general.run` with nanotron's `%date` and `%jobid` filled in.
  public func runName(date: String, jobIdentifier: String) -> String {
    general.run.replacing("%date", with: date).replacing("%jobid", with: jobIdentifier)
  }

  /// Makes it that of another run beside this one, wherever that lies: the name and the folders end in `suffix`.
  public mutating func renameRun(suffix: String) {
    general.run += suffix
    apus.runFolder = apus.runFolder.map { $0 + suffix }
    checkpoints.path = checkpoints.path.map { $0 + suffix }
  }

  /// Where the run writes: `apus.run_folder`, or `runs/` and the run's name.
  public func runFolder(runName: String) -> String { apus.runFolder ?? "runs/\(runName)" }

  /// Where checkpoints lie: `checkpoints.checkpoints_path`, or `checkpoints` in the run folder.
  public func checkpointsFolder(runName: String) -> String {
    checkpoints.path ?? runFolder(runName: runName) + "/checkpoints"
  }
}
