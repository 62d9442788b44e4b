import Foundation

/// The built `apus`, run as a person or a script runs it.
struct Command {
  /// How a run ended and what it said.
  struct Outcome {
    let code: Int32
    let output: String
    let complaint: String
  }

  /// Runs `apus` with arguments in a folder, with `input` as its standard input.
  static func run(_ arguments: [String], in folder: String, input: String? = nil) throws -> Outcome {
    let process = Process()
    process.executableURL = try executable()
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    var environment = ProcessInfo.processInfo.environment
    environment["APUS_THREADS"] = "2"
    environment["APUS_ISA"] = nil
    process.environment = environment
    // Files, as pipes that nobody drains would stop a talkative program.
    let (output, complaint) = (folder + "/.stdout", folder + "/.stderr")
    for path in [output, complaint] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    let given = folder + "/.stdin"
    defer { try? FileManager.default.removeItem(atPath: given) }
    if let input { try Data(input.utf8).write(to: URL(fileURLWithPath: given)) }
    process.standardInput = input == nil ? FileHandle.nullDevice : FileHandle(forReadingAtPath: given)
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: complaint))
    try process.run()
    process.waitUntilExit()
    defer { for path in [output, complaint] { try? FileManager.default.removeItem(atPath: path) } }
    func text(_ path: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }
    // A crash must not pass for an exit code.
    let code = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
    return Outcome(code: code, output: try text(output), complaint: try text(complaint))
  }

  /// The executable beside the running test bundle.
  private static func executable() throws -> URL {
    let bundles = [Bundle.main.executableURL, CommandLine.arguments.first.map { URL(fileURLWithPath: $0) }]
    for bundle in bundles.compactMap({ $0 }) {
      var folder = bundle.resolvingSymlinksInPath().deletingLastPathComponent()
      for _ in 0..<4 {
        let candidate = folder.appendingPathComponent("apus")
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
          return candidate
        }
        folder.deleteLastPathComponent()
      }
    }
    throw MissingExecutable()
  }

  struct MissingExecutable: Error, CustomStringConvertible {
    var description: String { "no executable named apus lies beside the tests" }
  }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/apus-commands-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the folders on its way.
  @discardableResult
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult
  func file(_ name: String, _ text: String) throws -> String { try file(name, Array(text.utf8)) }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

  func run(_ arguments: String...) throws -> Command.Outcome { try Command.run(arguments, in: path) }
}

/// A generator of the same numbers every time (xorshift, Marsaglia 2003).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
