import Formats
import Foundation
import Synchronization

/// What a model has answered so far, in a file that only grows: an evaluation that was ended in any way goes on there.
///
/// A line is `{"key", "value", "check"}`, the last the beginning of the SHA-256 of the other two; what was cut or
/// damaged is passed over and asked again. A key says all that an answer depends on but the model, whose fingerprint is
/// in the file's name.
public final class ResultCache: Sendable {
  /// The file.
  public let path: String
  private struct State {
    var values: [String: JSON] = [:]
    var descriptor: Int32
    var pending: [UInt8] = []
  }
  private let state: Mutex<State>

  /// Opens a cache of a model in a folder and reads what it has.
  /// - Throws: `FileError` where the disk refuses.
  public init(folder: String, model fingerprint: String) throws {
    try Paths.createFolder(folder)
    let path = folder.appendingPath("answers-\(fingerprint.prefix(32)).jsonl")
    self.path = path
    var values: [String: JSON] = [:]
    var endsWithLine = true
    if Paths.exists(path) {
      try MappedFile(path, advice: .sequential).withBytes { bytes in
        endsWithLine = bytes.last.map { $0 == 0x0A } ?? true
        for line in bytes.split(separator: 0x0A) {
          guard let object = try? JSON.parse(UnsafeBufferPointer(rebasing: line), name: path),
            let key = object["key"]?.stringValue, let value = object["value"],
            object["check"]?.stringValue == Self.check(key, value)
          else { continue }
          values[key] = value
        }
      }
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, action: "cannot be written") }
    state = Mutex(State(values: values, descriptor: descriptor, pending: endsWithLine ? [] : [0x0A]))
  }

  deinit { state.withLock { _ = close($0.descriptor) } }

  /// How many answers it has.
  public var count: Int { state.withLock { $0.values.count } }

  /// The answer to a key.
  public func value(_ key: String) -> JSON? { state.withLock { $0.values[key] } }

  /// Adds answers and hands them to the system, so that they outlive this process.
  /// - Throws: `FileError` where the disk refuses.
  public func add(_ answers: [(key: String, value: JSON)]) throws {
    guard !answers.isEmpty else { return }
    try state.withLock { state in
      for (key, value) in answers {
        state.values[key] = value
        let line: JSON = ["key": .string(key), "value": value, "check": .string(Self.check(key, value))]
        state.pending += line.serialized() + [0x0A]
      }
      var done = 0
      while done < state.pending.count {
        let written = state.pending.withUnsafeBytes {
          write(state.descriptor, $0.baseAddress! + done, $0.count - done)
        }
        if written < 0 {
          if errno == EINTR { continue }
          throw FileError(path: path, action: "cannot be written")
        }
        done += written
      }
      state.pending = []
    }
  }

  private static func check(_ key: String, _ value: JSON) -> String {
    String(TextDigest.hex("\(key)\n\(value.serializedString())").prefix(16))
  }
}

/// Digests that tell models and requests apart.
enum CacheKey {
  /// The key of a likelihood.
  static func likelihood(_ request: LikelihoodRequest) -> String {
    var digest = SHA256Digest()
    digest.update(Array("likelihood \(request.context.count)\n".utf8))
    request.context.withUnsafeBytes { digest.update($0) }
    request.continuation.withUnsafeBytes { digest.update($0) }
    return String(digest.hex().prefix(32))
  }

  /// The key of the texts that a model writes.
  static func generation(prompt: [UInt32], settings: String) -> String {
    var digest = SHA256Digest()
    digest.update(Array("generation \(settings)\n".utf8))
    prompt.withUnsafeBytes { digest.update($0) }
    return String(digest.hex().prefix(32))
  }
}
