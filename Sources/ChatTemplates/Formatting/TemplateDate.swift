import Foundation

/// The moment that `strftime_now` tells, in the local time zone.
struct TemplateDate {
  private var parts = tm()
  private let microseconds: Int

  init(_ date: Date) {
    let seconds = date.timeIntervalSince1970
    // A date beyond what the C library counts shows as the beginning of time.
    var moment = time_t(exactly: seconds.rounded(.down)) ?? 0
    microseconds = min(max(Int((seconds - seconds.rounded(.down)) * 1e6), 0), 999_999)
    localtime_r(&moment, &parts)
  }

  /// Python's `datetime.strftime` of a date without a time zone.
  func formatted(_ format: Text) throws -> Text {
    var prepared: [UInt8] = []
    var index = 0
    while index < format.bytes.count {
      let byte = format.bytes[index]
      guard byte == 0x25, index + 1 < format.bytes.count else {
        // The C library stops at a zero byte.
        if byte == 0 { throw TemplateFailure("the format of a date holds a zero byte") }
        prepared.append(byte)
        index += 1
        continue
      }
      switch format.bytes[index + 1] {
      case 0x66:
        let digits = String(microseconds)
        prepared.append(contentsOf: String(repeating: "0", count: 6 - digits.count).utf8)
        prepared.append(contentsOf: digits.utf8)
      case 0x7A, 0x5A: break
      case 0: throw TemplateFailure("the format of a date holds a zero byte")
      default: prepared.append(contentsOf: [byte, format.bytes[index + 1]])
      }
      index += 2
    }
    if prepared.isEmpty { return .empty }
    guard prepared.count <= 4096 else { throw TemplateFailure("the format of a date is longer than 4096 bytes") }
    var output = [UInt8](repeating: 0, count: 256 * (prepared.count + 1))
    var moment = parts
    // A mark behind the format tells an empty date from one that did not fit.
    prepared += [0x2E, 0]
    let capacity = output.count
    let count = prepared.map(CChar.init(bitPattern:)).withUnsafeBufferPointer { format in
      output.withUnsafeMutableBufferPointer { output in
        output.withMemoryRebound(to: CChar.self) { output in
          guard let start = output.baseAddress, let format = format.baseAddress else { return 0 }
          return strftime(start, capacity, format, &moment)
        }
      }
    }
    guard count > 0 else { throw TemplateFailure("the format of a date is not understood") }
    guard let text = String(validating: output[..<(count - 1)], as: UTF8.self) else {
      throw TemplateFailure("the format of a date gives no UTF-8")
    }
    return Text(text)
  }
}
