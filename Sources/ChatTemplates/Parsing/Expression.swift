/// An expression of a template.
indirect enum Expression: Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(Text)
  /// A variable, by its number in the template's names.
  case name(Int)
  /// What a filter block or a block assignment has written.
  case captured
  case list([Expression])
  case tuple([Expression])
  case dictionary([(key: Expression, value: Expression)])
  case attribute(Expression, Text)
  case item(Expression, Expression)
  case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
  case call(Expression, Arguments, line: Int)
  case filter(Expression, name: String, Filter?, Arguments, line: Int)
  case test(Expression, name: String, Test?, Arguments, line: Int)
  case not(Expression)
  case negative(Expression)
  case positive(Expression)
  case and([Expression])
  case or([Expression])
  case arithmetic(Expression, [(operation: Arithmetic, operand: Expression)])
  case concatenation([Expression])
  case comparison(Expression, [(relation: Relation, operand: Expression)])
  case conditional(test: Expression, then: Expression, otherwise: Expression?)
}

/// The operators that compute.
enum Arithmetic: String, Sendable {
  case add = "+", subtract = "-", multiply = "*", divide = "/", floorDivide = "//", modulo = "%", power = "**"
}

/// The operators that compare.
enum Relation: String, Sendable {
  case equal = "==", notEqual = "!=", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
  case isIn = "in", isNotIn = "not in"
}

/// What a call is given.
struct Arguments: Sendable {
  var positional: [Expression] = []
  var keywords: [(name: Text, value: Expression)] = []
  /// `*expression`
  var spread: Expression?
  /// `**expression`
  var spreadKeywords: Expression?

  var isEmpty: Bool { positional.isEmpty && keywords.isEmpty && spread == nil && spreadKeywords == nil }
}
