import Foundation

/// A YAML value to be written, with keys in the order of writing.
indirect enum YAMLValue {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case list([YAMLValue])
  case mapping(Entries)

  /// Keys and values in order, written as a dictionary literal.
  struct Entries: ExpressibleByDictionaryLiteral {
    var pairs: [(key: String, value: YAMLValue)]
    init(_ pairs: [(key: String, value: YAMLValue)]) { self.pairs = pairs }
    init(dictionaryLiteral elements: (String, YAMLValue)...) { pairs = elements.map { ($0.0, $0.1) } }
  }

  static func optional<Wrapped>(_ value: Wrapped?, _ wrap: (Wrapped) -> YAMLValue) -> YAMLValue {
    value.map(wrap) ?? .null
  }

  /// Block YAML, two spaces a level. Text that a reader of YAML 1.1 or 1.2 might take for anything else is quoted.
  var text: String {
    var out = ""
    if case .mapping = self { write(into: &out, indent: 0) } else { out = scalarText + "\n" }
    return out
  }

  private func write(into out: inout String, indent: Int) {
    let margin = String(repeating: " ", count: indent)
    switch self {
    case .mapping(let entries):
      for (key, value) in entries.pairs {
        out += margin + YAMLValue.string(key).scalarText + ":"
        value.writeAfterKey(into: &out, indent: indent)
      }
    case .list(let items):
      for item in items {
        var inner = ""
        item.write(into: &inner, indent: indent + 2)
        out += margin + "- " + inner.dropFirst(indent + 2)
      }
    default: out += margin + scalarText + "\n"
    }
  }

  private func writeAfterKey(into out: inout String, indent: Int) {
    switch self {
    case .mapping(let entries) where !entries.pairs.isEmpty:
      out += "\n"
      write(into: &out, indent: indent + 2)
    case .list(let items) where !items.isEmpty:
      out += "\n"
      write(into: &out, indent: indent)
    default: out += " " + scalarText + "\n"
    }
  }

  private var scalarText: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .double(let value): return Self.number(value)
    case .string(let value): return Self.isSafePlain(value) ? value : Self.quoted(value)
    case .list: return "[]"
    case .mapping: return "{}"
    }
  }

  /// The shortest digits that read back equal, always with a point, which YAML 1.1 asks of a float.
  private static func number(_ value: Double) -> String {
    let text = "\(value)"
    guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else { return text }
    return text[..<exponent] + ".0" + text[exponent...]
  }

  private static func isSafePlain(_ text: String) -> Bool {
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    guard let first = text.utf8.first, !words.contains(text.lowercased()) else { return false }
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    guard letters.contains(first | 0x20) || first == UInt8(ascii: "_") || first == UInt8(ascii: "/") else { return false }
    return text.utf8.allSatisfy { byte in
      letters.contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || [UInt8](" _-./".utf8).contains(byte)
    } && text.utf8.last != UInt8(ascii: " ")
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      default:
        let code = scalar.value
        if code < 0x20 || (0x7f..<0xa0).contains(code) || code == 0x2028 || code == 0x2029 || code == 0xfeff {
          out += "\\u" + String(repeating: "0", count: 4 - String(code, radix: 16).count) + String(code, radix: 16)
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
