import Formats
import Foundation
import Testing

@Suite struct LocalTimeTests {
  @Test(arguments: ["2026-01-31", "2026-01-31T12:05", "2026-07-31T23:59:58", "1970-01-02"])
  func readsWhatItWrites(_ text: String) throws {
    let seconds = try #require(LocalTime.seconds(text))
    #expect(LocalTime.text(seconds, format: "%Y-%m-%dT%H:%M:%S").hasPrefix(text))
  }

  @Test(arguments: ["", "2026", "2026-13-01", "2026-02-31", "2026-01-31T", "2026-01-31T12", "2026-01-31T12:61", "31.1.2026"])
  func refusesWhatIsNone(_ text: String) { #expect(LocalTime.seconds(text) == nil) }
}
