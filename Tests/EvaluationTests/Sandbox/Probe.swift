import Evaluation
import Formats
import Foundation

/// The misbehaving program beside the tests.
enum Probe {
  /// Runs it in a sandbox.
  static func run(
    _ arguments: String..., limits: Sandbox.Limits = .init(seconds: 20), input: String = ""
  ) throws -> SandboxOutcome {
    try Sandbox(readable: readable(), limits: limits).run(path(), arguments: arguments, input: Array(input.utf8))
  }

  /// What the program needs to start: itself, and Swift's libraries, to which the build links it.
  static func readable() throws -> [String] {
    let maps = FileHandle(forReadingAtPath: "/proc/self/maps")?.readDataToEndOfFile() ?? Data()
    let libraries = String(decoding: maps, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.range(of: "/").map { String(line[$0.lowerBound...]) }
    }
    return [try path()] + Set(libraries.filter { $0.contains("/libswift") }.map(\.parentPath))
  }

  /// The lines of the program's output.
  static func lines(_ outcome: SandboxOutcome) -> [String] {
    String(decoding: outcome.output, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Whether this machine offers what the sandbox rests on.
  static let isProtected = Sandbox.missingProtections.isEmpty

  static func path() throws -> String {
    for start in [Bundle.main.executablePath, CommandLine.arguments.first].compactMap({ $0 }) {
      var folder = URL(fileURLWithPath: start).resolvingSymlinksInPath().deletingLastPathComponent()
      for _ in 0..<4 {
        let candidate = folder.appendingPathComponent("SandboxProbe").path
        if Paths.exists(candidate), !Paths.isFolder(candidate) { return candidate }
        folder.deleteLastPathComponent()
      }
    }
    throw FileError(path: "SandboxProbe", problem: "does not lie beside the tests")
  }
}
