/// A statement of a template.
indirect enum Statement: Sendable {
  case text(Text)
  case output(Expression, line: Int)
  case branches([(test: Expression, body: [Statement], line: Int)], otherwise: [Statement])
  case loop(Loop)
  case assign(Target, Expression, line: Int)
  case assignBlock(Target, value: Expression, body: [Statement], line: Int)
  case macro(MacroDefinition, line: Int)
  case callBlock(Expression, Arguments, caller: MacroDefinition, line: Int)
  case filterBlock(Expression, body: [Statement], line: Int)
  case with([(target: Target, value: Expression)], body: [Statement], line: Int)
  case block([Statement])
  case generation([Statement], line: Int)
  case breakLoop
  case continueLoop
  /// A tag that needs other files, which a chat template does not have.
  case refused(tag: String, line: Int)

  struct Loop: Sendable {
    var target: Target
    var sequence: Expression
    var test: Expression?
    var isRecursive: Bool
    var body: [Statement]
    var otherwise: [Statement]
    var line: Int
  }
}

/// What an assignment writes to.
indirect enum Target: Sendable {
  case name(Int)
  case member(namespace: Int, Text)
  case tuple([Target])
}

/// A macro, or the body of a call block.
struct MacroDefinition: Sendable {
  struct Parameter: Sendable {
    var name: Text
    var number: Int
    var fallback: Expression?
  }

  /// `nil` for the body of a call block.
  var name: Text?
  /// The name's number.
  var number = 0
  var parameters: [Parameter]
  var body: [Statement]
  /// Whether the body reads `caller`, `kwargs` or `varargs` without declaring it.
  var readsCaller = false
  var readsKeywords = false
  var readsRest = false
}
