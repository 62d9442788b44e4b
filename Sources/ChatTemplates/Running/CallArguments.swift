/// The values that a call is given.
struct CallArguments {
  var positional: [Value] = []
  var keywords: [(name: Text, value: Value)] = []

  /// Puts the values in the order of a function's parameters, as Python binds them.
  /// - Parameters:
  ///   - function: its name, for messages.
  ///   - required: how many of the parameters have no default.
  /// - Returns: a value a parameter, `nil` where the call gives none.
  func bound(_ function: String, to parameters: [StaticString], required: Int = 0) throws -> [Value?] {
    guard positional.count <= parameters.count else {
      throw TemplateFailure("\(function) takes at most \(parameters.count) arguments, not \(positional.count)")
    }
    var values: [Value?] = positional + [Value?](repeating: nil, count: parameters.count - positional.count)
    for (name, value) in keywords {
      guard let index = parameters.firstIndex(where: { Text(stringLiteral: $0) == name }) else {
        throw TemplateFailure("\(function) has no argument '\(name.string)'")
      }
      if values[index] != nil { throw TemplateFailure("\(function) is given '\(name.string)' twice") }
      values[index] = value
    }
    if let missing = values.prefix(required).firstIndex(where: { $0 == nil }) {
      throw TemplateFailure("\(function) needs the argument '\(parameters[missing])'")
    }
    return values
  }

  /// The positional values of a function that takes no keywords.
  func unnamed(_ function: String, _ counts: ClosedRange<Int>) throws -> [Value] {
    guard keywords.isEmpty else { throw TemplateFailure("\(function) takes no keyword arguments") }
    guard counts.contains(positional.count) else {
      let wanted = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw TemplateFailure("\(function) takes \(wanted) arguments, not \(positional.count)")
    }
    return positional
  }
}
