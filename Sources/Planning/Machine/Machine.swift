import Foundation

/// What this machine offers to a run, as the operating system tells it. Limits of containers are honoured.
public struct Machine: Sendable, Equatable {
  /// The processor's name, or the architecture where it has none.
  public var processor: String
  /// Logical processors that this process may use.
  public var cores: Int
  /// Processors' worth of time that the container's limit allows; `nil` without one.
  public var processorLimit: Double?
  /// Memory in bytes: the machine's, or the container's limit where that is less.
  public var totalMemory: Int
  /// Bytes of memory that can be had without swapping.
  public var availableMemory: Int
  /// Whether the system gives large pages to programs that ask; `nil` where it does not say.
  public var givesLargePages: Bool?

  /// Asks the operating system.
  public static var current: Machine {
    let memory = fields(of: "/proc/meminfo")
    func bytes(_ key: String) -> Int {
      let kibibytes = (memory[key]?.split(separator: " ").first).flatMap { Int($0) }
      return (kibibytes ?? 0) * 1024
    }
    let limits = ControlGroup.current
    var total = bytes("MemTotal")
    if total == 0 { total = Int(clamping: ProcessInfo.processInfo.physicalMemory) }
    var available = memory["MemAvailable"] == nil ? total : bytes("MemAvailable")
    if let limit = limits.memoryLimit, limit < total {
      total = limit
      available = min(available, max(0, limit - (limits.memoryUsed ?? 0)))
    }
    let pages = text(of: "/sys/kernel/mm/transparent_hugepage/enabled")
    return Machine(
      processor: fields(of: "/proc/cpuinfo")["model name"] ?? architecture,
      cores: ProcessInfo.processInfo.activeProcessorCount, processorLimit: limits.processorLimit, totalMemory: total,
      availableMemory: available, givesLargePages: pages.map { !$0.contains("[never]") })
  }

  /// Bytes that may be written to the disk of a folder; `nil` where the system does not say.
  public static func freeDisk(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    let blocks = Int(clamping: status.f_bavail)
    let (bytes, overflow) = blocks.multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return overflow ? Int.max : bytes
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86-64 processor"
    #elseif arch(arm64)
      "aarch64 processor"
    #else
      "unknown processor"
    #endif
  }

  static func text(of path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// The first value of each key in lines such as `key : value`.
  private static func fields(of path: String) -> [String: String] {
    var result: [String: String] = [:]
    for line in (text(of: path) ?? "").split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let key = line[..<colon].trimmingCharacters(in: .whitespaces)
      if result[key] == nil {
        result[key] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      }
    }
    return result
  }
}
