/// A regular expression that finds pieces of text, compiled.
///
/// Backtracking in the order of Perl, over UTF-8; no captures and no references back, so a place of the program that
/// has failed at a place of the text is not tried twice once a match has become long, and no pattern takes exponential
/// time.
struct Pattern: Sendable {
  /// Which library's reading of the syntax holds.
  enum Dialect: Sendable {
    /// Oniguruma's, as in `tokenizers`: `$` ends a line, `{2}+` repeats.
    case oniguruma
    /// fancy-regex's, as in `tiktoken`: `$` ends the text, `{2}+` is possessive.
    case rust
  }

  /// The expression as it was written.
  let text: String
  let program: PatternProgram

  /// Compiles an expression.
  /// - Throws: `PatternError` naming what is not supported.
  init(_ text: String, dialect: Dialect = .oniguruma) throws(PatternError) {
    self.text = text
    program = try PatternProgram(PatternParser.parse(text, dialect), text: text)
  }

  /// A pattern that matches a text literally.
  init(literal text: String) {
    self.text = text
    program = PatternProgram(literal: text)
  }
}

/// Why an expression cannot be used.
struct PatternError: Error, CustomStringConvertible {
  var pattern: String
  var problem: String

  var description: String { "the expression \(pattern.prefix(200)) cannot be used: \(problem)" }
}
