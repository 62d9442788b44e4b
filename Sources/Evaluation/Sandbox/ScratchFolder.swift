import Formats
import Foundation

/// A new empty folder for one program.
struct ScratchFolder {
  let path: String

  /// - Throws: `FileError` when it cannot be made.
  init() throws {
    var template = Array("\(NSTemporaryDirectory().appendingPath("apus-program-XXXXXX"))\0".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw FileError(path: NSTemporaryDirectory(), action: "takes no new folder")
    }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  /// Removes it with what it holds; a folder that cannot be removed is left to the system's cleaning.
  func remove() { try? Paths.remove(path) }
}
