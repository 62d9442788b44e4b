import Foundation

extension StringMethod {
  /// `startswith`, `find` and their like, which take a range of scalars.
  func search(_ interpreter: Interpreter, _ text: Text, _ arguments: CallArguments) throws -> Value {
    let given = try arguments.unnamed(rawValue, 1...3)
    let count = given.count > 1 ? text.count : 0
    func place(_ position: Int) throws -> Int? {
      guard given.count > position, !given[position].isNone else { return nil }
      let index = try StringMethod.whole(given[position], rawValue)
      return index < 0 ? max(index, -count) + count : index
    }
    let first = try place(1) ?? 0
    let last = min(try place(2) ?? count, count)
    let isOutside = given.count > 1 && (first > count || first > last)
    let start = given.count > 1 ? text.byteOffset(ofScalar: min(first, count)) : 0
    let end = given.count > 2 ? text.byteOffset(ofScalar: max(last, 0)) : text.bytes.count
    let part = isOutside ? Text.empty : start == 0 && end == text.bytes.count ? text : Text(text.bytes[start..<end])
    switch self {
    case .startswith, .endswith:
      let options: [Value] = if case .tuple(let items) = given[0] { items.elements } else { [given[0]] }
      return .bool(
        try options.contains { option in
          let option = try StringMethod.string(option, rawValue)
          if isOutside { return false }
          return self == .startswith ? part.hasPrefix(option) : part.hasSuffix(option)
        })
    case .count:
      let wanted = try StringMethod.string(given[0], rawValue)
      return .integer(isOutside ? 0 : part.occurrences(of: wanted))
    default:
      let wanted = try StringMethod.string(given[0], rawValue)
      let found = self == .find || self == .index ? part.firstRange(of: wanted) : part.lastRange(of: wanted)
      guard let found, !isOutside else {
        if self == .find || self == .rfind { return .integer(-1) }
        throw TemplateFailure("'\(rawValue)' does not find \(wanted.representation)")
      }
      return .integer(first + Text.countScalars(part.bytes[..<found]))
    }
  }

  /// `center`, `zfill` and their like.
  func pad(_ interpreter: Interpreter, _ text: Text, _ arguments: CallArguments) throws -> Value {
    if self == .expandtabs { return try expandTabs(interpreter, text, arguments) }
    let given = try arguments.unnamed(rawValue, 1...(self == .zfill ? 1 : 2))
    let width = try StringMethod.whole(given[0], rawValue)
    let fill = try given.count > 1 ? StringMethod.string(given[1], rawValue) : self == .zfill ? "0" : " "
    guard fill.count == 1 else { throw TemplateFailure("'\(rawValue)' fills with one character") }
    let missing = width - text.count
    guard missing > 0 else { return .string(text) }
    if missing > interpreter.limits.textBytes { throw interpreter.exceeded("padded a text to \(width) characters") }
    // Python puts the odd one of a centred text on the left only where the width is odd.
    let left =
      switch self {
      case .ljust: 0
      case .center: missing / 2 + (missing & width & 1)
      default: missing
      }
    try interpreter.spend(bytes: missing * fill.bytes.count)
    var bytes: [UInt8] = []
    var rest = text.bytes[...]
    if self == .zfill, let sign = rest.first, sign == 0x2B || sign == 0x2D { bytes.append(rest.removeFirst()) }
    for _ in 0..<left { bytes.append(contentsOf: fill.bytes) }
    bytes.append(contentsOf: rest)
    for _ in left..<missing { bytes.append(contentsOf: fill.bytes) }
    return try interpreter.text(bytes, isMarkup: text.isMarkup)
  }

  private func expandTabs(_ interpreter: Interpreter, _ text: Text, _ arguments: CallArguments) throws -> Value {
    let size = try arguments.bound(rawValue, to: ["tabsize"])[0].map { try StringMethod.whole($0, rawValue) } ?? 8
    if size > ChatTemplateLimits.formatWidth { throw interpreter.exceeded("expanded tabs to \(size) blanks") }
    var builder = TextBuilder()
    var column = 0
    for scalar in text.scalars {
      guard scalar == "\t" else {
        builder.append(scalar)
        column = scalar == "\n" || scalar == "\r" ? 0 : column + 1
        continue
      }
      guard size > 0 else { continue }
      let blanks = size - column % size
      builder.bytes.append(contentsOf: repeatElement(0x20, count: blanks))
      try interpreter.spend(bytes: blanks)
      column += blanks
    }
    return try interpreter.text(builder.bytes, isMarkup: text.isMarkup)
  }
}

extension Interpreter {
  /// A text with `old` replaced; the length of the result is known, and refused, before it is made.
  func replace(_ text: Text, _ old: Text, _ new: Text, limit: Int, isMarkup: Bool = false) throws -> Value {
    if new.bytes.count > old.bytes.count {
      let found = text.occurrences(of: old)
      let (growth, overflowed) = (new.bytes.count - old.bytes.count).multipliedReportingOverflow(
        by: limit < 0 ? found : min(found, limit))
      if overflowed { throw exceeded("made a text of more than \(limits.textBytes) bytes") }
      try spend(bytes: min(text.bytes.count, limits.textBytes) + min(growth, limits.textBytes + 1))
    }
    return try self.text(text.replacing(old, with: new, limit: limit), isMarkup: isMarkup)
  }
}
