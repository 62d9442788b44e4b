import Glibc

/// Dates and times of day as the C library writes and reads them: without the tables of Foundation, which a release leaves
/// out.
public enum LocalTime {
  /// A moment, in seconds since 1970, in the machine's time zone.
  /// - Parameter format: strftime's.
  public static func text(_ seconds: Double, format: String) -> String {
    var time = time_t(seconds.rounded(.down))
    var fields = tm()
    localtime_r(&time, &fields)
    var buffer = [CChar](repeating: 0, count: 256)
    let count = strftime(&buffer, buffer.count, format, &fields)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The seconds since 1970 of a date such as 2026-01-31, or one with a time such as 2026-01-31T12:00 or …T12:00:30, in the
  /// machine's time zone; nil for what is none.
  public static func seconds(_ text: String) -> Double? {
    let parts = text.split(separator: "T", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let date = numbers(parts[0], "-"), date.count == 3,
      let time = parts.count == 1 ? [] : numbers(parts[1], ":"), [0, 2, 3].contains(time.count)
    else { return nil }
    var fields = tm()
    (fields.tm_year, fields.tm_mon, fields.tm_mday) = (date[0] - 1900, date[1] - 1, date[2])
    if !time.isEmpty { (fields.tm_hour, fields.tm_min) = (time[0], time[1]) }
    if time.count == 3 { fields.tm_sec = time[2] }
    fields.tm_isdst = -1
    let wanted = [fields.tm_mon, fields.tm_mday, fields.tm_min, fields.tm_sec]
    let seconds = mktime(&fields)
    // The 31st of February would be taken for a day in March.
    return [fields.tm_mon, fields.tm_mday, fields.tm_min, fields.tm_sec] == wanted ? Double(seconds) : nil
  }

  private static func numbers(_ text: Substring, _ separator: Character) -> [Int32]? {
    let numbers = text.split(separator: separator, omittingEmptySubsequences: false).map { Int32($0) }
    return numbers.contains { $0 == nil } ? nil : numbers.compactMap { $0 }
  }
}
