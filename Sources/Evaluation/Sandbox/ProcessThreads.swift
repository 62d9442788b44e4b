import Foundation

/// How many threads a process has, as the kernel tells it.
enum ProcessThreads {
  /// The number of threads; 0 when the process is gone.
  static func count(of process: pid_t) -> Int {
    guard let file = fopen("/proc/\(process)/stat", "re") else { return 0 }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1024)
    let length = fread(&bytes, 1, bytes.count, file)
    // The second field is the program's name in brackets, which may hold anything; the rest is separated by spaces.
    guard let bracket = bytes[..<length].lastIndex(of: UInt8(ascii: ")")) else { return 0 }
    let fields = bytes[bracket..<length].split(separator: UInt8(ascii: " "))
    // proc(5) numbers fields from 1 and the name as 2; num_threads is 20.
    return fields.count > 18 ? Int(String(decoding: fields[18], as: UTF8.self)) ?? 0 : 0
  }
}
