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

  /// The seconds since 1970 that a text says in one of the formats, in the machine's time zone; nil if it says none.
  public static func seconds(_ text: String, formats: [String]) -> Double? {
    for format in formats {
      var fields = tm()
      guard text.withCString({ strptime($0, format, &fields)?.pointee == 0 }) else { continue }
      // The 31st of February would be taken for a day in March.
      let (month, day) = (fields.tm_mon, fields.tm_mday)
      fields.tm_isdst = -1
      let seconds = mktime(&fields)
      if (fields.tm_mon, fields.tm_mday) == (month, day) { return Double(seconds) }
    }
    return nil
  }
}
