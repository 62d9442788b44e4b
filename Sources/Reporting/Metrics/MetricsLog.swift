import Formats
import Foundation

/// Appends rows to a run's metrics file, one JSON object a line.
///
/// Each row is one write, so a killed process leaves at most one incomplete last line, which opening the log again
/// removes. One thread at a time may use a log.
public final class MetricsLog {
  /// The file's path.
  public let path: String
  private let descriptor: Int32

  /// Opens the log for appending, creating the file if it is missing.
  ///
  /// - Parameter step: Rows of later updates are cut off, since a run that continues from a checkpoint of this step
  ///   will measure them again. `nil` keeps all complete rows.
  /// - Throws: `FileError` when the file cannot be read, cut or written.
  public init(path: String, continuingAfter step: Int? = nil) throws {
    self.path = path
    var end = 0
    if Paths.exists(path) {
      end = try MetricsLines.forEach(inFile: path) { _, row in
        guard let step, let row, let own = row["step"]?.intValue else { return true }
        return own <= step
      }
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw FileError(path: path, action: "cannot be written") }
    if ftruncate(descriptor, off_t(end)) != 0 {
      let error = FileError(path: path, action: "cannot be cut to its complete lines")
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Appends a training row.
  public func append(_ metrics: TrainingStepMetrics) throws { try append(metrics.json) }

  /// Appends a validation row.
  public func append(_ metrics: ValidationMetrics) throws { try append(metrics.json) }

  /// Makes all rows so far durable, as a checkpoint does with its files.
  public func synchronize() throws {
    if fsync(descriptor) != 0 { throw FileError(path: path, action: "cannot be made durable") }
  }

  private func append(_ row: JSON) throws {
    var line = row.serialized()
    line.append(UInt8(ascii: "\n"))
    try line.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw FileError(path: path, action: "cannot be written") }
        done += count
      }
    }
  }
}
