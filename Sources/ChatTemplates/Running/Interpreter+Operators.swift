import Foundation

extension Interpreter {
  func unsuitable(_ operation: String, _ values: Value...) -> TemplateFailure {
    for value in values {
      if case .undefined(let undefined) = value { return TemplateFailure(undefined.message) }
    }
    let types = values.map { "'\($0.typeName)'" }.joined(separator: " and ")
    return TemplateFailure("\(operation) does not work with \(types)")
  }

  private func overflow() -> TemplateFailure {
    TemplateFailure("the template computed a whole number beyond 64 bits", kind: .limit)
  }

  func negate(_ value: Value) throws -> Value {
    if case .float(let number) = value { return .float(-number) }
    guard let whole = value.index else { throw unsuitable("unary -", value) }
    let (result, overflowed) = (0).subtractingReportingOverflow(whole)
    if overflowed { throw overflow() }
    return .integer(result)
  }

  /// `left operation right`
  func compute(_ operation: Arithmetic, _ left: Value, _ right: Value) throws -> Value {
    if let a = left.index, let b = right.index { return try computeWhole(operation, a, b) }
    if let a = left.number, let b = right.number { return .float(try computeFloat(operation, a, b)) }
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)):
      guard a.isMarkup || b.isMarkup else { return try text(a.bytes + b.bytes) }
      return try text(a.escapedForHTML.bytes + b.escapedForHTML.bytes, isMarkup: true)
    case (.add, .list(let a), .list(let b)): return try list(a.elements + b.elements)
    case (.add, .tuple(let a), .tuple(let b)): return try tuple(a.elements + b.elements)
    case (.modulo, .string(let format), _):
      return try percentFormat(format, right)
    case (.multiply, _, _):
      if let count = right.index { return try repeated(left, count) ?? { throw unsuitable("*", left, right) }() }
      if let count = left.index { return try repeated(right, count) ?? { throw unsuitable("*", left, right) }() }
      throw unsuitable("*", left, right)
    default: throw unsuitable(operation.rawValue, left, right)
    }
  }

  private func repeated(_ value: Value, _ count: Int) throws -> Value? {
    func total(_ size: Int) throws -> Int {
      let (total, overflowed) = size.multipliedReportingOverflow(by: max(count, 0))
      if overflowed || total > limits.textBytes { throw exceeded("repeated a value \(count) times") }
      try spend(total / 16)
      return total
    }
    switch value {
    case .string(let text):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(try total(text.bytes.count))
      for _ in 0..<max(count, 0) where !text.isEmpty { bytes.append(contentsOf: text.bytes) }
      return .string(Text(bytes, isMarkup: text.isMarkup))
    case .list(let items), .tuple(let items):
      try spend(try total(items.elements.count))
      var elements: [Value] = []
      if !items.elements.isEmpty { for _ in 0..<max(count, 0) { elements += items.elements } }
      if case .list = value { return try list(elements) }
      return try tuple(elements)
    default: return nil
    }
  }

  private func computeWhole(_ operation: Arithmetic, _ a: Int, _ b: Int) throws -> Value {
    func checked(_ result: (partialValue: Int, overflow: Bool)) throws -> Value {
      if result.overflow { throw overflow() }
      return .integer(result.partialValue)
    }
    switch operation {
    case .add: return try checked(a.addingReportingOverflow(b))
    case .subtract: return try checked(a.subtractingReportingOverflow(b))
    case .multiply: return try checked(a.multipliedReportingOverflow(by: b))
    case .divide: return .float(try computeFloat(.divide, Double(a), Double(b)))
    case .floorDivide, .modulo:
      if b == 0 { throw TemplateFailure("division by zero") }
      let (quotient, overflowed) = a.dividedReportingOverflow(by: b)
      if overflowed { return operation == .modulo ? .integer(0) : try { throw overflow() }() }
      let remainder = a - quotient * b
      let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
      return .integer(
        operation == .modulo ? (isBelow ? remainder + b : remainder) : (isBelow ? quotient - 1 : quotient))
    case .power:
      if b < 0 { return .float(try computeFloat(.power, Double(a), Double(b))) }
      var (result, base, exponent) = (1, a, b)
      while exponent > 0 {
        if exponent & 1 == 1 {
          let (product, overflowed) = result.multipliedReportingOverflow(by: base)
          if overflowed { throw overflow() }
          result = product
        }
        exponent >>= 1
        if exponent > 0 {
          let (square, overflowed) = base.multipliedReportingOverflow(by: base)
          if overflowed { throw overflow() }
          base = square
        }
      }
      return .integer(result)
    }
  }

  private func computeFloat(_ operation: Arithmetic, _ a: Double, _ b: Double) throws -> Double {
    switch operation {
    case .add: return a + b
    case .subtract: return a - b
    case .multiply: return a * b
    case .divide, .floorDivide, .modulo:
      if b == 0 { throw TemplateFailure("division by zero") }
      if operation == .divide { return a / b }
      var remainder = fmod(a, b)
      var quotient = (a - remainder) / b
      if remainder != 0, (remainder < 0) != (b < 0) {
        remainder += b
        quotient -= 1
      } else if remainder == 0 {
        remainder = Double(signOf: b, magnitudeOf: 0)
      }
      if operation == .modulo { return remainder }
      if quotient == 0 { return Double(signOf: a / b, magnitudeOf: 0) }
      let whole = quotient.rounded(.down)
      return quotient - whole > 0.5 ? whole + 1 : whole
    case .power:
      if a == 0, b < 0 { throw TemplateFailure("0 cannot be raised to a negative power") }
      let result = pow(a, b)
      if a < 0, b != b.rounded() { throw TemplateFailure("a negative number to a broken power is complex") }
      if result.isInfinite, a.isFinite, b.isFinite { throw TemplateFailure("the result of ** is too large") }
      return result
    }
  }

  // MARK: Comparisons

  func compare(_ left: Value, _ relation: Relation, _ right: Value) throws -> Bool {
    switch relation {
    case .equal: left == right
    case .notEqual: left != right
    case .less: try isLess(left, right, "<")
    case .greater: try isLess(right, left, ">")
    case .lessOrEqual: try isLess(left, right, "<=", orEqual: true)
    case .greaterOrEqual: try isLess(right, left, ">=", orEqual: true)
    case .isIn: try contains(right, left)
    case .isNotIn: !(try contains(right, left))
    }
  }

  func isLess(_ left: Value, _ right: Value, _ name: String = "<", orEqual: Bool = false) throws -> Bool {
    try spend()
    switch (left, right) {
    case (.string(let a), .string(let b)): return orEqual ? a <= b : a < b
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a.elements, b.elements) where x != y { return try isLess(x, y, name, orEqual: orEqual) }
      return orEqual ? a.elements.count <= b.elements.count : a.elements.count < b.elements.count
    default:
      if let a = left.index, let b = right.index { return orEqual ? a <= b : a < b }
      guard let a = left.number, let b = right.number else { throw unsuitable("'\(name)'", left, right) }
      return orEqual ? a <= b : a < b
    }
  }

  /// `element in container`
  func contains(_ container: Value, _ element: Value) throws -> Bool {
    switch container {
    case .string(let text):
      guard case .string(let part) = element else {
        throw TemplateFailure("'in' a string needs a string on its left, not \(element.typeName)")
      }
      try spend(bytes: text.bytes.count)
      return text.contains(part)
    case .dictionary(let members):
      try checkHashable(element)
      return members.entries[element] != nil
    default:
      guard var elements = try iterator(container) else {
        throw TemplateFailure("'\(container.typeName)' object is not iterable: nothing is 'in' it")
      }
      while let next = try elements.next() {
        try spend()
        if next == element { return true }
      }
      return false
    }
  }
}
