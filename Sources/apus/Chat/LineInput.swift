import Foundation

/// Lines of standard input. Ctrl-C while a line is typed drops it.
final class LineInput {
  enum Line: Equatable {
    case text(String)
    case interrupted
    case end
  }

  /// Whether somebody types.
  let isInteractive = isatty(STDIN_FILENO) == 1
  private var buffer: [UInt8] = []
  private var isAtEnd = false

  /// The next line without its newline; bytes that are not UTF-8 become U+FFFD.
  func next() -> Line {
    while true {
      if let newline = buffer.firstIndex(of: 0x0A) {
        let line = String(decoding: buffer[..<newline], as: UTF8.self)
        buffer.removeFirst(newline + 1)
        return .text(line.last == "\r" ? String(line.dropLast()) : line)
      }
      if isAtEnd {
        defer { buffer = [] }
        return buffer.isEmpty ? .end : .text(String(decoding: buffer, as: UTF8.self))
      }
      var piece = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(STDIN_FILENO, &piece, piece.count)
      if count < 0, errno == EINTR {
        guard Interrupt.take() else { continue }
        buffer = []
        return .interrupted
      }
      if count <= 0 { isAtEnd = true } else { buffer += piece[..<count] }
    }
  }

  /// The next text: lines that end in a backslash are joined, and those between two `"""` are taken together.
  /// - Parameter prompt: called before each line, with whether it goes on the one before.
  func nextText(prompt: (_ isContinued: Bool) -> Void) -> Line {
    prompt(false)
    guard case .text(var text) = next() else { return isAtEnd ? .end : .interrupted }
    let marks = "\"\"\""
    if text.hasPrefix(marks) {
      text = String(text.dropFirst(marks.count))
      while !text.hasSuffix(marks) {
        prompt(true)
        guard case .text(let more) = next() else { return isAtEnd ? .end : .interrupted }
        text += "\n" + more
      }
      text = String(text.dropLast(marks.count))
      return .text(text.first == "\n" ? String(text.dropFirst()) : text)
    }
    while text.hasSuffix("\\") {
      prompt(true)
      guard case .text(let more) = next() else { return isAtEnd ? .end : .interrupted }
      text = text.dropLast() + "\n" + more
    }
    return .text(text)
  }
}
