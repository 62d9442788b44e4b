import Formats
import Foundation
import Synchronization

/// Runs Python programs of unknown origin in a `Sandbox`, as many at a time as the machine has cores.
public struct PythonSandbox: Sendable {
  /// How a program went.
  public struct Outcome: Sendable, Equatable {
    /// Whether it reached its last line. Leaving early, even with status 0, is not reaching it.
    public var isFinished: Bool
    /// What it printed, cut at the sandbox's limit.
    public var output: String
    /// Why it did not reach its end: the last line of the traceback, or the limit that it met.
    public var problem: String?
  }

  /// What a program may use.
  public var limits: Sandbox.Limits {
    get { sandbox.limits }
    set { sandbox.limits = newValue }
  }

  private var sandbox: Sandbox
  private let interpreter: String

  /// Finds Python and prepares a sandbox that can read its libraries.
  /// - Parameters:
  ///   - interpreter: a name on the path, or a path; by default the variable `APUS_PYTHON`, or `python3`.
  ///   - allowsMissingProtections: run even where the kernel lacks a protection.
  /// - Throws: `SandboxError` when there is no Python 3 or a protection is missing.
  public init(
    interpreter: String? = nil, limits: Sandbox.Limits = .init(), allowsMissingProtections: Bool = false
  ) throws {
    let found = try Self.find(
      interpreter ?? ProcessInfo.processInfo.environment["APUS_PYTHON"] ?? "python3")
    self.interpreter = found.executable
    sandbox = try Sandbox(
      readable: found.folders, limits: limits, allowsMissingProtections: allowsMissingProtections)
  }

  /// Runs a program to its end or its limits.
  ///
  /// It runs as a module of no name, so a part under `if __name__ == "__main__"` does not; hash seeds are fixed, so
  /// that the same program always goes the same way.
  /// - Throws: `SandboxError` or `FileError` when nothing can be started; whatever the program does is an outcome.
  public func run(_ source: String, input: String = "") throws -> Outcome {
    let token = String(UInt64.random(in: .min ... .max), radix: 16)
    Self.places.wait()
    defer { Self.places.signal() }
    let outcome = try sandbox.run(
      interpreter, arguments: ["-s", "-B", "-c", Self.runner, token], environment: Self.environment,
      files: ["program.py": source], input: Array(input.utf8))
    let isFinished = outcome.end == .exited(0) && outcome.report == Array(token.utf8)
    return Outcome(
      isFinished: isFinished, output: String(decoding: outcome.output, as: UTF8.self),
      problem: isFinished ? nil : problem(outcome))
  }

  /// Programs that run at a time in this process.
  private static let places = DispatchSemaphore(value: max(1, ProcessInfo.processInfo.activeProcessorCount))

  private static let environment = [
    "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
  ]

  /// Executes the program among names of its own, then tells descriptor 3 that its end was reached.
  private static let runner = """
    def main():
      import os, sys
      token = sys.argv.pop().encode()
      with open("program.py", encoding="utf-8", errors="surrogateescape", newline="") as file:
        program = compile(file.read(), "program.py", "exec")
      exec(program, {})
      sys.stdout.flush()
      os.write(3, token)
    main()
    """

  private func problem(_ outcome: SandboxOutcome) -> String {
    switch outcome.end {
    case .outOfTime: return "out of time (\(sandbox.limits.seconds) s)"
    case .tooManyThreads: return "more than \(sandbox.limits.threads) threads"
    case .wroteTooMuch: return "more files than \(sandbox.limits.files) or \(sandbox.limits.folderBytes) bytes"
    case .signalled(let signal): return "ended by signal \(signal)"
    case .exited(0): return "left before its end"
    case .exited(let status):
      let lines = outcome.errors.split(separator: 0x0A)
      return lines.last.map { String(decoding: $0.prefix(500), as: UTF8.self) } ?? "left with status \(status)"
    }
  }

  /// Interpreters that were asked already.
  private static let known = Mutex<[String: (executable: String, folders: [String])]>([:])

  /// The interpreter behind a name, which may be a script that chooses one, and the folders of its libraries.
  private static func find(_ name: String) throws -> (executable: String, folders: [String]) {
    if let found = known.withLock({ $0[name] }) { return found }
    let found = try ask(name)
    known.withLock { $0[name] = found }
    return found
  }

  private static func ask(_ name: String) throws -> (executable: String, folders: [String]) {
    let question = """
      import os, sys
      folders = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
      print("\\n".join([sys.executable, os.path.realpath(sys.executable), *sorted(folders)]))
      sys.exit(sys.version_info < (3, 8))
      """
    let missing = SandboxError(
      "programs in Python need Python 3.8 or later, and \(name) is none; install it or set APUS_PYTHON")
    guard let path = executable(name) else { throw missing }
    let outcome = try Sandbox.runTrusted(path, arguments: ["-s", "-B", "-c", question], seconds: 60)
    let lines = String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(String.init)
    guard outcome.end == .exited(0), lines.count >= 3 else { throw missing }
    // Debian's prefix is /usr, whose libraries are readable already; its other parts need not be.
    return (lines[0], lines.dropFirst().filter { !["/", "/usr"].contains($0) } + [lines[0]])
  }

  private static func executable(_ name: String) -> String? {
    if name.contains("/") { return name }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { String($0).appendingPath(name) }.first {
      !Paths.isFolder($0) && FileManager.default.isExecutableFile(atPath: $0)
    }
  }
}
