import Formats
import Foundation

/// The `.ds.metadata` beside a token file: tokenizer and token size, number of tokens, and that number for people.
struct TokenFileMetadata: Equatable {
  var tokenizer: String
  /// Bytes of a token, when the file says so; older files do not.
  var tokenSize: Int?
  var tokenCount: Int

  /// The three lines, without a final newline.
  var text: String {
    let first = tokenSize.map { "\(tokenizer)|\($0)" } ?? tokenizer
    return "\(first)\n\(tokenCount)\n\(TokenFileMetadata.humanized(tokenCount))"
  }

  init(tokenizer: String, tokenSize: Int?, tokenCount: Int) {
    self.tokenizer = tokenizer
    self.tokenSize = tokenSize
    self.tokenCount = tokenCount
  }

  /// Reads the file, or returns `nil` when there is none.
  init?(contentsOfFile path: String) throws {
    guard Paths.exists(path) else { return nil }
    let text = try MappedFile(path).withBytes { String(decoding: $0, as: UTF8.self) }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 2, let count = Int(lines[1].trimmingCharacters(in: .whitespaces)), count >= 0 else {
      throw CorpusError(path, "is damaged: its second line must be the number of tokens")
    }
    tokenCount = count
    tokenizer = String(lines[0])
    if let bar = lines[0].lastIndex(of: "|") {
      guard let size = Int(lines[0][lines[0].index(after: bar)...]), size == 2 || size == 4 else {
        throw CorpusError(path, "is damaged: the token size after '|' in its first line must be 2 or 4")
      }
      tokenSize = size
      tokenizer = String(lines[0][..<bar])
    }
  }

  /// Three significant digits with a metric prefix and the unit T, as in "1.23 MT".
  static func humanized(_ count: Int) -> String {
    let exponent = max(0, String(count).count - 1)
    let text = threeDigits(count, exponent)
    // 999,999 rounds up to 1.00 M, not to 1000 k.
    let roundedUp = Double(text.prefix { $0 != " " }) ?? 0
    return roundedUp < pow(10, Double(exponent % 3 + 1)) ? text : threeDigits(count, exponent + 1)
  }

  private static func threeDigits(_ count: Int, _ exponent: Int) -> String {
    let value = Double(count) / pow(10, Double(exponent / 3 * 3))
    let prefix = exponent < 3 ? "" : String(Array("kMGTPE")[exponent / 3 - 1])
    return String(format: "%.\(2 - exponent % 3)f", value) + " \(prefix)T"
  }
}
