import CSandbox
import Formats
import Foundation

/// Runs programs that nobody has read: they get a folder, some time and some memory, and nothing else.
///
/// A program sees the folders that it needs to start, its own folder and no other file; it has no network, no children,
/// no privileges, no environment, and cannot signal or change another process. It never outlives its run. This rests on
/// Landlock (Linux 5.13) and seccomp; where a kernel lacks one, nothing is run unless the caller insists.
public struct Sandbox: Sendable {
  /// What a program may use.
  public struct Limits: Sendable, Equatable {
    /// Seconds by the clock.
    public var seconds: Double
    /// Bytes of address space.
    public var memoryBytes = 2 << 30
    /// Bytes of one file.
    public var fileBytes = 16 << 20
    /// Bytes of all files in its folder, looked at every 20 ms; how many there may be is `files`.
    public var folderBytes = 64 << 20
    /// Files in its folder.
    public var files = 1000
    /// Threads, looked at every 20 ms.
    public var threads = 64
    /// Files that it has open at a time.
    public var openFiles = 64
    /// Bytes that are kept of each of its outputs; what is written beyond them is read and dropped.
    public var outputBytes = 1 << 16

    /// Limits with a time.
    public init(seconds: Double = 3) { self.seconds = seconds }
  }

  /// What the kernel refuses to a program.
  public enum Protection: String, Sendable, CaseIterable {
    /// Files outside its folder.
    case files = "Landlock, which keeps a program to its folder"
    /// Network, other processes and the system.
    case systemCalls = "seccomp, which keeps a program from the network and from other processes"

    fileprivate var flag: Int32 {
      switch self {
      case .files: Int32(bitPattern: APUS_SANDBOX_FILES.rawValue)
      case .systemCalls: Int32(bitPattern: APUS_SANDBOX_SYSTEM_CALLS.rawValue)
      }
    }
  }

  /// Files and folders that programs may read and run, those of the system's libraries included.
  public let readable: [String]
  /// What each program may use.
  public var limits: Limits
  private let protections: Int32

  /// The protections that this machine does not offer.
  public static var missingProtections: [Protection] {
    let available = apus_sandbox_available()
    return Protection.allCases.filter { available & $0.flag == 0 }
  }

  /// A sandbox for programs that need some files.
  /// - Parameters:
  ///   - readable: files and folders beside the system's libraries; those that are not there are left out.
  ///   - allowsMissingProtections: run even where the kernel lacks a protection.
  /// - Throws: `SandboxError` naming the protections that are missing.
  public init(readable: [String] = [], limits: Limits = Limits(), allowsMissingProtections: Bool = false) throws {
    let missing = Self.missingProtections
    guard missing.isEmpty || allowsMissingProtections else {
      throw SandboxError(
        "untrusted programs are not run here: this machine lacks "
          + missing.map(\.rawValue).joined(separator: " and ")
          + "; use Linux 5.13 or later with both, or allow unsafe runs in a machine that holds nothing of value")
    }
    self.readable = Self.systemLibraries + readable
    self.limits = limits
    protections = Protection.allCases.filter { !missing.contains($0) }.reduce(0) { $0 | $1.flag }
  }

  /// Without any protection, for programs that are trusted.
  private init(trusting limits: Limits) {
    readable = []
    self.limits = limits
    protections = 0
  }

  /// What dynamically linked programs need to start.
  private static let systemLibraries = [
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime",
    "/nix/store", "/gnu/store",
  ]

  /// Runs a program to its end, in a new folder that is gone afterwards.
  /// - Parameters:
  ///   - program: path of the executable.
  ///   - environment: all of its variables, besides `HOME` and `TMPDIR`, which name its folder.
  ///   - files: names and contents of files that it finds in its folder.
  ///   - input: what it reads from its standard input.
  /// - Throws: `SandboxError` or `FileError` when it cannot be started. However it ends is an outcome, not an error.
  public func run(
    _ program: String, arguments: [String] = [], environment: [String: String] = [:], files: [String: String] = [:],
    input: [UInt8] = []
  ) throws -> SandboxOutcome {
    let folder = try ScratchFolder()
    defer { folder.remove() }
    for (name, text) in files { try AtomicFile.write(text, to: folder.path.appendingPath(name)) }
    let own = ["HOME": folder.path, "TMPDIR": folder.path]
    return try run(
      program, arguments, environment.merging(own) { given, _ in given }, folder: folder.path, input: input)
  }

  /// Runs a trusted program where this one stands, with the same limits on time and output but no other.
  static func runTrusted(_ program: String, arguments: [String], seconds: Double) throws -> SandboxOutcome {
    var limits = Limits(seconds: seconds)
    (limits.memoryBytes, limits.fileBytes, limits.openFiles, limits.threads) = (.max, .max, 1024, .max)
    return try Sandbox(trusting: limits).run(
      program, arguments, ProcessInfo.processInfo.environment, folder: nil, input: [])
  }

  private func run(
    _ program: String, _ arguments: [String], _ environment: [String: String], folder: String?, input: [UInt8]
  ) throws -> SandboxOutcome {
    let stdin = try Self.file(of: input)
    defer { close(stdin) }
    let pipes = try [OutputPipe](limit: limits.outputBytes, count: 3)
    var failure = apus_sandbox_failure()
    let process = CStrings([program] + arguments).withPointers { arguments in
      CStrings(environment.map { "\($0)=\($1)" }.sorted()).withPointers { environment in
        CStrings(readable).withPointers { readable in
          CStrings([program, folder ?? ""]).withPointers { paths in
            readable.withMemoryRebound(to: UnsafePointer<CChar>?.self, capacity: self.readable.count + 1) { readable in
              var request = apus_sandbox_program(
                path: paths[0], arguments: arguments, environment: environment,
                folder: folder == nil ? nil : paths[1], readable: readable, input: stdin, output: pipes[0].writing,
                errors: pipes[1].writing, report: pipes[2].writing, memory_bytes: UInt64(limits.memoryBytes),
                file_bytes: UInt64(limits.fileBytes),
                cpu_seconds: UInt64(max(1, min(limits.seconds, 1e9)).rounded(.up)) + 1,
                open_files: UInt64(limits.openFiles), protections: protections)
              return apus_sandbox_start(&request, &failure)
            }
          }
        }
      }
    }
    guard process > 0 else {
      throw SandboxError(
        "\(program) cannot be started in the sandbox: \(String(cString: failure.step)): "
          + String(cString: strerror(failure.code)))
    }
    for pipe in pipes { pipe.closeWriting() }
    return try SandboxWatch(process: process, limits: limits, folder: folder, pipes: pipes).untilEnd()
  }

  /// A descriptor from which some bytes can be read, and then the end.
  private static func file(of bytes: [UInt8]) throws -> Int32 {
    let descriptor = bytes.isEmpty ? open("/dev/null", O_RDONLY | O_CLOEXEC) : apus_sandbox_memory_file()
    guard descriptor >= 0 else { throw FileError(path: "a program's input", action: "cannot be made") }
    var start = 0
    while start < bytes.count {
      let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + start, bytes.count - start) }
      guard written > 0 else {
        close(descriptor)
        throw FileError(path: "a program's input", action: "cannot be written")
      }
      start += written
    }
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }
}
