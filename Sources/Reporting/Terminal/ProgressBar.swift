/// A bar of box-drawing characters.
enum ProgressBar {
  /// The bar of `width` columns, filled to `fraction`, as its filled and its empty part.
  static func parts(fraction: Double, width: Int) -> (filled: String, empty: String) {
    guard width > 0 else { return ("", "") }
    let clamped = fraction.isFinite ? min(1, max(0, fraction)) : 0
    let halves = Int((clamped * Double(2 * width)).rounded(.down))
    var filled = String(repeating: "━", count: halves / 2)
    if halves % 2 == 1 { filled += "╸" }
    return (filled, String(repeating: "─", count: width - (halves + 1) / 2))
  }
}
