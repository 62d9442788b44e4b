import Formats
import OrderedCollections
import TestSupport
import Testing

@Suite struct JSONTests {
  @Test func readsEveryKind() throws {
    let value = try JSON.parse(
      """
       { "a" : null, "b":[true,false , 1,-2.5e3 ,"x\\n\\u00e9\\ud83d\\ude00\\/"],"empty":{},"none":[ ] }
      """)
    #expect(
      value == [
        "a": nil, "b": [true, false, 1, -2500.0, "x\né😀/"], "empty": [:], "none": [],
      ])
    #expect(value["b"]?[2]?.intValue == 1)
    #expect(value["b"]?[3]?.doubleValue == -2500)
    #expect(value["b"]?[9] == nil)
    #expect(value["missing"] == nil)
    #expect(value.objectValue?.keys.elements == ["a", "b", "empty", "none"])
  }

  @Test func numbersKeepTheirValue() throws {
    let cases: [(String, JSON)] = [
      ("0", 0), ("-0", 0), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1e-05", 0.00001), ("0.1", 0.1),
      ("123456789012345678901234567890", .number(0x1.8ee90ff6c373ep+96)),
      ("5e-324", .number(.leastNonzeroMagnitude)), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
      ("1E+2", 100.0),
    ]
    for (text, value) in cases { #expect(try JSON.parse(text) == value, "\(text)") }
    #expect(try JSON.parse("1e3").intValue == 1000)
    #expect(try JSON.parse("1.5").intValue == nil)
  }

  @Test func doublesRoundTripInShortestForm() throws {
    #expect(JSON.array([0.1, 1.0, 1e-7, 1e300]).serializedString() == "[0.1,1.0,1e-07,1e+300]")
    #expect(JSON.number(.infinity).serializedString() == "null")
    var random = SeededGenerator(state: 1)
    for _ in 0..<20_000 {
      let double = Double(bitPattern: random.next())
      guard double.isFinite else { continue }
      let back = try JSON.parse(JSON.number(double).serialized(), name: "double")
      #expect(back.doubleValue?.bitPattern == double.bitPattern || double == 0)
    }
  }

  @Test func prettyTextIsLaidOutAsHuggingFaceDoes() {
    let value: JSON = ["a": [1, []], "b": [:], "c": ["d": "\u{1}\"\\\n"]]
    #expect(
      value.serializedString(pretty: true) == """
        {
          "a": [
            1,
            []
          ],
          "b": {},
          "c": {
            "d": "\\u0001\\"\\\\\\n"
          }
        }
        """)
    #expect(value.serializedString() == #"{"a":[1,[]],"b":{},"c":{"d":"\u0001\"\\\n"}}"#)
  }

  @Test func lastOfRepeatedKeysWinsAndOrderStays() throws {
    #expect(try JSON.parse(#"{"a":1,"b":2,"a":3}"#) == ["a": 3, "b": 2])
  }

  @Test func loneSurrogatesBecomeReplacementCharacters() throws {
    let value = try JSON.parse(#"["\ud800","\udc00x","\ud800\u0041","\ud83d\ude00"]"#)
    #expect(value == ["\u{FFFD}", "\u{FFFD}x", "\u{FFFD}A", "😀"])
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[1 2]", "01", "-", "+1", ".5", "1.", "1e", "tru",
    "nul", "NaN", "Infinity", "'a'", "\"a", "\"\u{1}\"", "\"\\x\"", "\"\\u12g4\"", "[]]", "{} {}", "1e999", "\u{0}",
    "[1]\u{0}", "{\"a\":}", "\"\\",
  ])
  func refuses(_ text: String) {
    #expect(throws: JSONError.self) { try JSON.parse(text, name: "bad.json") }
  }

  @Test func errorsNameThePlace() {
    #expect(
      sentence { _ = try JSON.parse("{\"a\": 1,\n \"b\" 2}", name: "run.json") }
        == "run.json, line 2, byte 14: expected ':' after the key \"b\", found '2'")
    #expect(
      sentence { _ = try JSON.parse("[1", name: "run.json") }
        == "run.json, line 1, byte 2: expected ',' or ']' after an element of the array, found the end of the text")
  }

  @Test func refusesInvalidUTF8() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82]] {
      let text = sentence { _ = try JSON.parse([0x22, 0x61] + bytes + [0x22], name: "x.json") }
      #expect(text == "x.json, line 1, byte 2: the string holds invalid UTF-8; JSON must be UTF-8")
    }
  }

  @Test func refusesDeepNestingOnly() throws {
    let deepest = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
    _ = try JSON.parse(deepest)
    #expect(throws: JSONError.self) { try JSON.parse("[" + deepest + "]") }
    #expect(throws: JSONError.self) { try JSON.parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }

  @Test func refusesKeysThatSwiftCannotTellApart() {
    #expect(throws: JSONError.self) { try JSON.parse("{\"\u{e9}\":1,\"e\u{301}\":2}") }
  }

  @Test func byteOrderMarkIsIgnored() throws {
    #expect(try JSON.parse([0xEF, 0xBB, 0xBF, 0x31], name: "bom") == 1)
  }

  @Test func missingFileIsNamed() {
    #expect(
      sentence { _ = try JSON.parse(contentsOfFile: "/nowhere/config.json") }
        == "/nowhere/config.json cannot be opened: No such file or directory")
  }

  @Test func randomValuesRoundTrip() throws {
    var random = SeededGenerator(state: 7)
    for _ in 0..<500 {
      let value = randomValue(depth: 0, &random)
      #expect(try JSON.parse(value.serialized(), name: "compact") == value)
      #expect(try JSON.parse(value.serialized(pretty: true), name: "pretty") == value)
    }
  }

  @Test func mutatedTextIsRefusedOrReadNeverWorse() throws {
    var random = SeededGenerator(state: 11)
    for _ in 0..<300 {
      let bytes = randomValue(depth: 0, &random).serialized(pretty: Bool.random(using: &random))
      for _ in 0..<20 {
        guard let value = try? JSON.parse(mutated(bytes, &random), name: "mutated") else { continue }
        #expect(try JSON.parse(value.serialized(), name: "again") == value)
      }
    }
  }

  private func randomValue(depth: Int, _ random: inout SeededGenerator) -> JSON {
    switch Int.random(in: 0..<(depth > 4 ? 5 : 8), using: &random) {
    case 0: return nil
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
    case 3: return .number(Double.random(in: -1e6...1e6, using: &random))
    case 4: return .string(randomText(&random))
    case 5, 6:
      return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in randomValue(depth: depth + 1, &random) })
    default:
      var members: OrderedDictionary<String, JSON> = [:]
      for i in 0..<Int.random(in: 0..<5, using: &random) {
        members["\(i)\(randomText(&random))"] = randomValue(depth: depth + 1, &random)
      }
      return .object(members)
    }
  }

  private func randomText(_ random: inout SeededGenerator) -> String {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      let limit: UInt32 = [0x80, 0x800, 0x11_0000].randomElement(using: &random) ?? 0x80
      if let scalar = UnicodeScalar(UInt32.random(in: 0..<limit, using: &random)) { text.append(scalar) }
    }
    return String(text)
  }
}
