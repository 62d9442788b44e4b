import Foundation

extension Filter {
  /// Filters that make numbers.
  static let numberFilters: [String: Filter] = [
    "int": Filter { interpreter, value, arguments in
      let given = try arguments.bound("int", to: ["default", "base"])
      let base = try given[1].map { try StringMethod.whole($0, "int") } ?? 10
      let fallback = given[0] ?? .integer(0)
      switch value {
      case .undefined(let undefined): throw TemplateFailure(undefined.message)
      case .float(let number):
        if number.isInfinite { throw TemplateFailure("infinity is no whole number") }
        return number.isNaN ? fallback : try whole(number)
      case .string(let text):
        if let number = wholeNumber(text, base: base) { return .integer(number) }
        guard let number = decimalNumber(text), number.isFinite else { return fallback }
        return try whole(number)
      default: return value.index.map(Value.integer) ?? fallback
      }
    },
    "float": Filter { interpreter, value, arguments in
      let fallback = try arguments.bound("float", to: ["default"])[0] ?? .float(0)
      if case .undefined(let undefined) = value { throw TemplateFailure(undefined.message) }
      if case .string(let text) = value { return decimalNumber(text).map(Value.float) ?? fallback }
      return value.number.map(Value.float) ?? fallback
    },
    "abs": Filter { interpreter, value, arguments in
      _ = try arguments.unnamed("abs", 0...0)
      if case .float(let number) = value { return .float(number.magnitude) }
      guard let whole = value.index else { throw interpreter.unsuitable("abs", value) }
      return whole < 0 ? try interpreter.negate(value) : .integer(whole)
    },
    "round": Filter(round),
    "sum": Filter { interpreter, value, arguments in
      let given = try arguments.bound("sum", to: ["attribute", "start"])
      let path = interpreter.path(given[0])
      var total = given[1] ?? .integer(0)
      if case .string = total { throw TemplateFailure("sum does not add strings") }
      for element in try interpreter.elements(of: value) {
        total = try interpreter.compute(.add, total, try interpreter.value(path, of: element))
      }
      return total
    },
    "filesizeformat": Filter { interpreter, value, arguments in
      let isBinary = try interpreter.flag(try arguments.bound("filesizeformat", to: ["binary"])[0])
      var number = value.number
      if case .string(let text) = value { number = decimalNumber(text) }
      guard let bytes = number else { throw interpreter.unsuitable("filesizeformat", value) }
      let base = isBinary ? 1024.0 : 1000.0
      if bytes == 1 { return .string("1 Byte") }
      if bytes < base { return .string(Text("\(try whole(bytes).index ?? 0) Bytes")) }
      let prefixes = ["k", "M", "G", "T", "P", "E", "Z", "Y"]
      let power = prefixes.indices.first { bytes < pow(base, Double($0 + 2)) } ?? prefixes.count - 1
      let prefix = isBinary ? "\(prefixes[power].uppercased())i" : prefixes[power]
      let scaled = base * bytes / pow(base, Double(power + 2))
      return .string(Text("\(String(format: "%.1f", scaled)) \(prefix)B"))
    },
  ]

  private static func whole(_ number: Double) throws -> Value {
    guard let whole = Int(exactly: number.rounded(.towardZero)) else {
      throw TemplateFailure("the number \(PythonFloat.representation(number)) does not fit 64 bits", kind: .limit)
    }
    return .integer(whole)
  }

  /// Python's `int(text, base)`.
  private static func wholeNumber(_ text: Text, base: Int) -> Int? {
    var digits = text.stripped().bytes[...]
    let isNegative = digits.first == 0x2D
    if isNegative || digits.first == 0x2B { digits = digits.dropFirst() }
    var radix = base
    if digits.first == 0x30, digits.count > 2, let letter = digits.dropFirst().first {
      let own = letter | 0x20 == 0x78 ? 16 : letter | 0x20 == 0x6F ? 8 : letter | 0x20 == 0x62 ? 2 : 0
      if own != 0, base == own || base == 0 { (digits, radix) = (digits.dropFirst(2), own) }
    }
    if radix == 0 { radix = 10 }
    guard (2...36).contains(radix), let plain = withoutSeparators(digits), plain.first != 0x2B, plain.first != 0x2D
    else { return nil }
    return Int((isNegative ? "-" : "") + String(decoding: plain, as: UTF8.self), radix: radix)
  }

  /// Python's `float(text)`.
  private static func decimalNumber(_ text: Text) -> Double? {
    guard let plain = withoutSeparators(text.stripped().bytes[...]) else { return nil }
    let word = Text(plain).lowercased.string
    let unsigned = word.hasPrefix("-") || word.hasPrefix("+") ? String(word.dropFirst()) : word
    if ["inf", "infinity", "nan"].contains(unsigned) { return Double(word) }
    guard unsigned.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || [0x2E, 0x65, 0x2B, 0x2D].contains($0) }) else {
      return nil
    }
    return Double(word)
  }

  /// Digits without the single underscores that Python lets stand between them.
  private static func withoutSeparators(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var output: [UInt8] = []
    var previous: UInt8 = 0x5F
    for byte in bytes {
      if byte == 0x5F {
        if previous == 0x5F { return nil }
      } else {
        output.append(byte)
      }
      previous = byte
    }
    return previous == 0x5F ? nil : output
  }

  private static func round(_ interpreter: Interpreter, _ value: Value, _ arguments: CallArguments) throws -> Value {
    let given = try arguments.bound("round", to: ["precision", "method"])
    let precision = try given[0].map { try StringMethod.whole($0, "round") } ?? 0
    guard precision.magnitude <= 300 else { throw TemplateFailure("round takes a precision of at most 300") }
    guard let number = value.number else { throw interpreter.unsuitable("round", value) }
    switch given[1] ?? .string("common") {
    case .string("common"):
      if case .float = value { return .float(rounded(number, precision)) }
      guard precision < 0, let whole = value.index else { return value.index.map(Value.integer) ?? value }
      return try self.whole(rounded(Double(whole), precision))
    case .string("ceil"): return .float((number * pow(10, Double(precision))).rounded(.up) / pow(10, Double(precision)))
    case .string("floor"):
      return .float((number * pow(10, Double(precision))).rounded(.down) / pow(10, Double(precision)))
    default: throw TemplateFailure("round knows the methods 'common', 'ceil' and 'floor'")
    }
  }

  /// Python rounds the decimal expansion correctly, half to even, as the C library's printing does.
  private static func rounded(_ number: Double, _ precision: Int) -> Double {
    guard number.isFinite else { return number }
    if precision >= 0 { return Double(String(format: "%.\(precision)f", number)) ?? number }
    let scale = pow(10, Double(-precision))
    return (number / scale).rounded(.toNearestOrEven) * scale
  }
}
