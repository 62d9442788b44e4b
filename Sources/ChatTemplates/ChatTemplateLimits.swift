/// How much a template may do for one conversation. Beyond that it ends in an error, so that an endless loop or a
/// hostile template costs seconds and some memory, never more.
public struct ChatTemplateLimits: Sendable {
  /// Steps: statements, operations and elements visited; every 16 bytes of text made count as one more.
  public var steps: Int
  /// Bytes of the rendered text and of any text on the way.
  public var textBytes: Int
  /// Calls of macros within each other.
  public var callDepth: Int

  /// Sets limits; those by default leave room for conversations of many megabytes.
  public init(steps: Int = 20_000_000, textBytes: Int = 1 << 28, callDepth: Int = 200) {
    self.steps = steps
    self.textBytes = textBytes
    self.callDepth = callDepth
  }

  /// Elements of one `range`, as Jinja's sandbox has it.
  static let rangeLength = 100_000
  /// Expressions, blocks and calls within each other: what the stack of a thread bears several times over.
  static let depth = 3000
  /// Lists in lists.
  static let valueDepth = 400
  /// Width and precision in a format.
  static let formatWidth = 100_000
}
