/// Limits that a container or service manager sets on this process (control groups, version 2 and 1).
struct ControlGroup: Equatable {
  /// Processors' worth of time.
  var processorLimit: Double?
  /// Bytes.
  var memoryLimit: Int?
  /// Bytes in use under the limit.
  var memoryUsed: Int?

  /// The strictest limits on the way from this process's group to the root.
  static var current: ControlGroup {
    var result = ControlGroup()
    let root = "/sys/fs/cgroup"
    let group = (Machine.text(of: "/proc/self/cgroup") ?? "").split(separator: "\n").first { $0.hasPrefix("0::") }
    var path = root + (group.map { String($0.dropFirst(3)) } ?? "")
    while path.hasPrefix(root) {
      while path.hasSuffix("/") { path.removeLast() }
      result.tightenMemory(path + "/memory.max", used: path + "/memory.current")
      let quota = (Machine.text(of: path + "/cpu.max") ?? "").split { $0 == " " || $0 == "\n" }
      if quota.count == 2 { result.tightenProcessors(Double(quota[0]), Double(quota[1])) }
      guard let slash = path.lastIndex(of: "/") else { break }
      path = String(path[..<slash])
    }
    result.tightenMemory(
      root + "/memory/memory.limit_in_bytes", used: root + "/memory/memory.usage_in_bytes")
    result.tightenProcessors(number(root + "/cpu/cpu.cfs_quota_us"), number(root + "/cpu/cpu.cfs_period_us"))
    return result
  }

  private mutating func tightenMemory(_ limit: String, used: String) {
    guard let bytes = Self.number(limit).flatMap({ Int(exactly: $0.rounded()) }), bytes > 0 else { return }
    guard bytes < memoryLimit ?? Int.max else { return }
    memoryLimit = bytes
    memoryUsed = Self.number(used).flatMap { Int(exactly: $0.rounded()) }
  }

  private mutating func tightenProcessors(_ quota: Double?, _ period: Double?) {
    guard let quota, let period, quota > 0, period > 0 else { return }
    processorLimit = min(processorLimit ?? .infinity, quota / period)
  }

  private static func number(_ path: String) -> Double? {
    Machine.text(of: path).flatMap { Double($0.split(separator: "\n").first ?? "") }
  }
}
