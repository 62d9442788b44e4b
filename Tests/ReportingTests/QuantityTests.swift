import Reporting
import Testing

@Suite struct QuantityTests {
  @Test(arguments: [
    (0, "0"), (999, "999"), (4096, "4,096"), (99_999, "99,999"), (123_456, "123.5k"), (134_515_008, "134.5M"),
    (999_960, "1.00M"), (1_235_814_400, "1.24B"), (11_200_000_000_000, "11.2T"), (-5000, "-5,000"),
    (Int.max, "9223372T"), (Int.min, "-9223372T"),
  ])
  func counts(value: Int, text: String) { #expect(Quantity.count(value) == text) }

  @Test(arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1_610_612_736, "1.50 GiB"), (1_048_575, "1.00 MiB")])
  func sizes(value: Int, text: String) { #expect(Quantity.bytes(value) == text) }

  @Test(arguments: [
    (0.04, "0.0s"), (9.96, "10s"), (59.4, "59s"), (59.6, "1m 00s"), (185, "3m 05s"), (7620, "2h 07m"),
    (273_600, "3d 04h"), (.nan, "–"), (.infinity, "–"), (-1, "–"),
  ])
  func durations(value: Double, text: String) { #expect(Quantity.duration(value) == text) }

  @Test(arguments: [
    (3.21449, "3.214"), (0.0003, "3.00e-04"), (123.456, "123.5"), (0, "0"), (.nan, "NaN"), (-.infinity, "-∞"),
    (9.9999, "10.000"), (1e9, "1.00e+09"),
  ])
  func numbers(value: Double, text: String) { #expect(Quantity.number(value) == text) }

  @Test func operations() {
    #expect(Quantity.operations(3.11e12) == "3.11 TFLOP")
    #expect(Quantity.operations(0) == "0.00 FLOP")
  }

  @Test func tablesAlign() {
    var table = TextTable([.left, .right])
    table.add("ä", "1")
    table.rule()
    table.add("total", "1,000", "dropped")
    table.add("x")
    #expect(table.text == "ä          1\n────────────\ntotal  1,000\nx\n")
  }
}
