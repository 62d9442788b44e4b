import Formats

/// What a model is called in results.
public enum ModelName {
  /// The last part of its path, with the step of a checkpoint.
  public static func of(_ path: String) -> String {
    let last = path.lastPathPart
    guard Int(last) != nil else { return last.isEmpty || last == "/" || last == "." ? "model" : last }
    let run = path.parentPath.lastPathPart
    let name = run == "checkpoints" ? path.parentPath.parentPath.lastPathPart : run
    return "\(name)-\(last)"
  }
}
