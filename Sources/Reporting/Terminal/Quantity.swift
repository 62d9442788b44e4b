import Foundation

/// Figures in the short form that people read: three or four significant digits and a unit.
public enum Quantity {
  /// A count: `812`, `4,096`, `134.5M`, `1.24B`, `11.2T`.
  public static func count(_ value: Int) -> String {
    let magnitude = value.magnitude
    if magnitude < 100_000 { return grouped(value) }
    return scaled(Double(value), steps: [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")])
  }

  /// A whole number with commas between thousands.
  public static func grouped(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var out = value < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { out.append(",") }
      out.append(digit)
    }
    return out
  }

  /// A size in bytes with binary units: `812 B`, `1.50 GiB`.
  public static func bytes(_ value: Int) -> String {
    if value.magnitude < 1024 { return "\(value) B" }
    let steps = [(1_099_511_627_776.0, " TiB"), (1_073_741_824.0, " GiB"), (1_048_576.0, " MiB"), (1024.0, " KiB")]
    return scaled(Double(value), steps: steps)
  }

  /// A count of floating-point operations, or of such a second: `3.11 TFLOP`.
  public static func operations(_ value: Double) -> String {
    scaled(
      value,
      steps: [
        (1e24, " YFLOP"), (1e21, " ZFLOP"), (1e18, " EFLOP"), (1e15, " PFLOP"), (1e12, " TFLOP"), (1e9, " GFLOP"),
        (1e6, " MFLOP"), (1, " FLOP"),
      ])
  }

  /// A span of time: `0.4s`, `42s`, `3m 05s`, `2h 07m`, `3d 04h`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "–" }
    if seconds < 9.95 { return String(format: "%.1fs", seconds) }
    let whole = Int(seconds.rounded())
    switch whole {
    case ..<60: return "\(whole)s"
    case ..<3600: return String(format: "%dm %02ds", whole / 60, whole % 60)
    case ..<86_400: return String(format: "%dh %02dm", whole / 3600, whole % 3600 / 60)
    default: return String(format: "%dd %02dh", whole / 86_400, whole % 86_400 / 3600)
    }
  }

  /// A number with `digits` significant digits, in scientific form when very small or large: `3.214`, `4.91e-05`.
  public static func number(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
    if value == 0 { return "0" }
    let exponent = Int(log10(value.magnitude).rounded(.down))
    guard (-3...6).contains(exponent) else { return String(format: "%.\(max(0, digits - 2))e", value) }
    return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
  }

  /// The text of a figure without the zeros that end its decimals: `10.0%` becomes `10%`.
  static func trimmed(_ text: String) -> String {
    guard let point = text.firstIndex(of: ".") else { return text }
    let end = text[point...].dropFirst().firstIndex { !$0.isNumber } ?? text.endIndex
    var kept = text[..<end]
    while kept.last == "0" { kept.removeLast() }
    if kept.last == "." { kept.removeLast() }
    return String(kept) + text[end...]
  }

  private static func scaled(_ value: Double, steps: [(Double, String)]) -> String {
    let (unit, name) = steps.first { value.magnitude >= $0.0 * 0.9995 } ?? steps[steps.count - 1]
    let number = value / unit
    let digits = number.magnitude < 9.995 ? 2 : number.magnitude < 999.95 ? 1 : 0
    return String(format: "%.\(digits)f", number) + name
  }
}
