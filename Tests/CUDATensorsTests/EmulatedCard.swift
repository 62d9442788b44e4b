import CUDARuntime
import CUDATensors
import Foundation
import Formats

/// The emulation of a card in `Tests/CUDAEmulation`: its libraries are built when they are first asked for, and stay in
/// the folder for temporary files with what they compiled.
enum EmulatedCard {
  /// Why the emulation cannot be built, in the compiler's words.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Finds the emulated libraries and no others.
  static func finder() throws -> LibraryFinder { LibraryFinder(try loader()) }

  /// Opens them before any others.
  static func loader() throws -> LibraryLoader {
    var environment = ProcessInfo.processInfo.environment
    environment["APUS_CUDA_LIBRARIES"] = try libraries.get()
    return .system(environment: environment)
  }

  /// Opens an emulated card.
  /// - Parameter device: 0 is a large one. 1 is a small one for tests that break it or use up its memory: an error in a
  ///   kernel stays with a card until nothing uses it any more.
  static func context(device: Int = 0) throws -> CUDAContext {
    // NVRTC's emulation has a cache of its own, which knows of changes in the emulation.
    try CUDAContext(device: device, finder: finder(), cache: nil)
  }

  /// Computes on the large one, or on the real card of the number in `APUS_TEST_CARD`. Tests share it and its stream.
  static func backend() throws -> CUDABackend { try shared.get() }

  private static let shared = Result { try makeBackend() }

  /// Computes on the same card with a stream of its own, for tests that record graphs.
  ///
  /// Each block of memory is by itself, so that an access outside of it ends in an error.
  static func makeBackend() throws -> CUDABackend {
    let real = ProcessInfo.processInfo.environment["APUS_TEST_CARD"].flatMap { Int($0) }
    let context = try real.map { try CUDAContext(device: $0) } ?? context()
    return CUDABackend(context, memory: DeviceMemory(context, leastInSlab: .max))
  }

  /// Where its sources are.
  static let sources = #filePath.parentPath.parentPath.appendingPath("CUDAEmulation")
  /// Where it is built.
  static let buildFolder = FileManager.default.temporaryDirectory.path.appendingPath("apus-emulated-card-\(getuid())")

  private static let libraries = Result { try run("build.sh", buildFolder) }

  /// Runs one of its scripts.
  /// - Returns: what it printed last.
  static func run(_ script: String, _ arguments: String...) throws -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["bash", sources.appendingPath(script)] + arguments
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "\(script) failed: \(text)") }
    return text.split(separator: "\n").last.map(String.init) ?? ""
  }
}
