import Foundation

/// Strings for a C function: each ends in NUL, the list in a null pointer.
struct CStrings {
  private let strings: [String]

  init(_ strings: [String]) { self.strings = strings }

  /// Calls `body` with pointers that are valid until it returns.
  func withPointers<Result>(_ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in body(buffer.baseAddress!) }
  }
}
