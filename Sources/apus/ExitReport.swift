import ArgumentParser
import Foundation

/// What the program says and returns at the end of a run that threw: help and the version count as success, bad usage
/// as 2, everything else as 1.
struct ExitReport {
  let status: Int32
  private let text: String
  private let isError: Bool

  init(_ error: any Error) {
    let code = Apus.exitCode(for: error)
    let message = Apus.fullMessage(for: error)
    if code.isSuccess {
      (status, text, isError) = (0, message, false)
    } else if code == .validationFailure {
      // The library's sentence comes with the usage of the command that was meant.
      let sentence = message.hasPrefix("Error: ") ? String(message.dropFirst("Error: ".count)) : message
      (status, text, isError) = (2, "apus: \(sentence)", true)
    } else if let code = error as? ExitCode {
      (status, text, isError) = (code.rawValue, "", true)
    } else {
      // Foundation's own errors describe themselves as a dump of their fields.
      let isFoundations = error is CocoaError || error is POSIXError
      (status, text, isError) = (1, "apus: \(isFoundations ? error.localizedDescription : "\(error)")", true)
    }
  }

  /// Writes the text where it belongs and returns the status.
  func tell() -> Int32 {
    guard !text.isEmpty else { return status }
    let file = isError ? FileHandle.standardError : FileHandle.standardOutput
    // Nobody can be told that a stream is closed.
    try? file.write(contentsOf: Data("\(text)\n".utf8))
    return status
  }
}
