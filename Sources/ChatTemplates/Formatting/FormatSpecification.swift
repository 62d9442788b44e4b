import Foundation

/// How a value is laid out in a field: Python's format specification, which `%` shares.
struct FormatSpecification {
  var fill: Unicode.Scalar = " "
  /// `<`, `>`, `^` or `=`.
  var alignment: Unicode.Scalar?
  /// `+`, `-` or a blank.
  var sign: Unicode.Scalar = "-"
  var isAlternate = false
  var width = 0
  /// `,` or `_`
  var grouping: Unicode.Scalar?
  var precision: Int?
  var type: Unicode.Scalar?

  init() {}

  /// Reads what stands behind the colon of a field of `str.format`.
  init(_ text: Text) throws {
    let scalars = text.scalars
    var index = 0
    func at(_ place: Int) -> Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }
    func isAlignment(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { "<>^=".unicodeScalars.contains($0) } ?? false }
    if isAlignment(at(1)) {
      (fill, alignment, index) = (scalars[0], scalars[1], 2)
    } else if isAlignment(at(0)) {
      (alignment, index) = (scalars[0], 1)
    }
    if let scalar = at(index), "+- ".unicodeScalars.contains(scalar) {
      sign = scalar
      index += 1
    }
    if at(index) == "#" {
      isAlternate = true
      index += 1
    }
    if at(index) == "0" {
      if alignment == nil { (fill, alignment) = ("0", "=") }
      index += 1
    }
    width = try FormatSpecification.number(scalars, &index) ?? 0
    if let scalar = at(index), scalar == "," || scalar == "_" {
      grouping = scalar
      index += 1
    }
    if at(index) == "." {
      index += 1
      guard let value = try FormatSpecification.number(scalars, &index) else {
        throw TemplateFailure("a format specification has '.' without a precision")
      }
      precision = value
    }
    if let scalar = at(index) {
      type = scalar
      index += 1
    }
    guard index == scalars.count else {
      throw TemplateFailure("the format specification \(text.representation) is not understood")
    }
  }

  /// Digits at `index`, bounded.
  static func number(_ scalars: [Unicode.Scalar], _ index: inout Int) throws -> Int? {
    var value: Int?
    while index < scalars.count, let digit = Int(String(scalars[index])), scalars[index].isASCII {
      value = (value ?? 0) * 10 + digit
      if value ?? 0 > ChatTemplateLimits.formatWidth {
        throw TemplateFailure("a format is wider than \(ChatTemplateLimits.formatWidth)", kind: .limit)
      }
      index += 1
    }
    return value
  }

  // MARK: Laying out

  /// A text, cut to the precision and filled to the width.
  func layOut(_ text: Text) throws -> Text {
    if let type, type != "s" { throw unknownType("str") }
    if alignment == "=" { throw TemplateFailure("'=' does not align a string") }
    var text = text
    if let precision { text = Text(text.bytes[..<text.byteOffset(ofScalar: precision)]) }
    return pad("", text.string, default: "<")
  }

  func layOut(_ value: Int) throws -> Text {
    let digits: String
    let magnitude = value.magnitude
    switch type ?? "d" {
    case "d", "n": digits = String(magnitude)
    case "b": digits = (isAlternate ? "0b" : "") + String(magnitude, radix: 2)
    case "o": digits = (isAlternate ? "0o" : "") + String(magnitude, radix: 8)
    case "x": digits = (isAlternate ? "0x" : "") + String(magnitude, radix: 16)
    case "X": digits = (isAlternate ? "0X" : "") + String(magnitude, radix: 16, uppercase: true)
    case "c":
      guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else {
        throw TemplateFailure("\(value) is no character")
      }
      return pad("", String(Character(scalar)), default: "<")
    case "e", "E", "f", "F", "g", "G", "%": return try layOut(Double(value))
    default: throw unknownType("int")
    }
    if precision != nil { throw TemplateFailure("a whole number takes no precision") }
    return pad(signText(value < 0), grouped(digits), default: ">")
  }

  func layOut(_ value: Double) throws -> Text {
    let magnitude = value.magnitude
    let sign = signText(value.sign == .minus && !value.isNaN)
    let text: String
    switch type {
    case nil where precision == nil: text = PythonFloat.representation(magnitude)
    case nil: text = FormatSpecification.general(magnitude, precision ?? 6, keepsPoint: true)
    case "f", "F", "e", "E", "g", "G", "%":
      let type = self.type == "%" ? "f" : String(self.type.map(Character.init) ?? "f")
      let scaled = self.type == "%" ? magnitude * 100 : magnitude
      let format = "%\(isAlternate ? "#" : "").\(precision ?? 6)\(type)"
      text = String(format: format, scaled) + (self.type == "%" ? "%" : "")
    default: throw unknownType("float")
    }
    return pad(sign, grouped(text), default: ">")
  }

  /// Like `g`, but with a digit after the point where no exponent stands: what a float without a type is.
  private static func general(_ value: Double, _ precision: Int, keepsPoint: Bool) -> String {
    let text = String(format: "%.\(precision)g", value)
    guard keepsPoint, value.isFinite, !text.contains("e") else { return text }
    guard !text.contains(".") else { return text }
    return text.utf8.count < precision ? text + ".0" : String(format: "%.\(max(precision, 1) - 1)e", value)
  }

  private func unknownType(_ kind: String) -> TemplateFailure {
    TemplateFailure("the format type '\(type.map { String($0) } ?? "")' does not suit a value of type \(kind)")
  }

  private func signText(_ isNegative: Bool) -> String { isNegative ? "-" : sign == "-" ? "" : String(sign) }

  private func grouped(_ text: String) -> String {
    guard let grouping else { return text }
    let whole = text.prefix { $0.isNumber }
    var output = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { output.unicodeScalars.append(grouping) }
      output.append(digit)
    }
    return output + text.dropFirst(whole.count)
  }

  private func pad(_ sign: String, _ text: String, default alignment: Unicode.Scalar) -> Text {
    let missing = max(0, width - sign.unicodeScalars.count - text.unicodeScalars.count)
    func filling(_ count: Int) -> String { String(repeating: String(fill), count: count) }
    return switch self.alignment ?? alignment {
    case "<": Text(sign + text + filling(missing))
    case "^": Text(filling(missing / 2) + sign + text + filling(missing - missing / 2))
    case "=": Text(sign + filling(missing) + text)
    default: Text(filling(missing) + sign + text)
    }
  }
}
