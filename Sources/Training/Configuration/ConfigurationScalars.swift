/// Lenient readings of a scalar: YAML 1.1 readers and writers disagree about `1e-4`, `yes` and `1_000`.
extension ConfigurationNode {
  var scalarText: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// `true`, `yes`, `on` and their opposites, unquoted, in any letter case.
  var boolean: Bool? {
    guard case .scalar(let text, isPlain: true) = content else { return nil }
    switch text.lowercased() {
    case "true", "yes", "on": return true
    case "false", "no", "off": return false
    default: return nil
    }
  }

  /// A whole number, also written `1_000`, `1e6` or `4096.0`.
  var integer: Int? {
    guard let text = numberText else { return nil }
    if let value = Int(text) { return value }
    guard let value = number, value.rounded() == value, abs(value) < 9e15 else { return nil }
    return Int(value)
  }

  /// A number, also quoted, since `1e-4` is a string to readers of YAML 1.1.
  var number: Double? {
    guard let text = numberText, let first = text.utf8.first else { return nil }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): break
    default: return nil
    }
    guard text.utf8.allSatisfy({ $0 != UInt8(ascii: "x") && $0 != UInt8(ascii: "X") }) else { return nil }
    return Double(text)
  }

  private var numberText: String? {
    guard case .scalar(let text, _) = content, text.utf8.count <= 64 else { return nil }
    return text.filter { $0 != "_" }
  }
}
