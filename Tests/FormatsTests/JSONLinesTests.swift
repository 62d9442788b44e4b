import Formats
import TestSupport
import Testing

@Suite struct JSONLinesTests {
  private func field(_ line: String, key: String = "text") throws -> String {
    let lines = JSONLines(name: "data.jsonl", key: key)
    return String(
      decoding: try Array(line.utf8).withUnsafeBufferPointer { try lines.field(ofLine: $0, number: 12) }, as: UTF8.self)
  }

  @Test func takesTheTopLevelField() throws {
    #expect(
      try field(#"{"meta":{"text":"no"},"text":"yes\t\u00e9\ud83d\ude00","n":[1,{"text":2}]}"# + "\r\n") == "yes\té😀")
    #expect(try field(#" { "te\u0078t" : "" } "#) == "")
    #expect(try field(#"{"text":"first","text":"last"}"#) == "last")
    #expect(try field(#"{"a b":"c"}"#, key: "a b") == "c")
  }

  @Test(arguments: [
    ("", "expected an object such as {\"text\": \"…\"}, found the end of the text"),
    ("[]", "expected an object such as {\"text\": \"…\"}, found '['"),
    ("{}", "the object has no field \"text\""),
    (#"{"Text":"x"}"#, "the object has no field \"text\""),
    (#"{"text":null}"#, "the field \"text\" is not a string"),
    (#"{"text":"x","text":3}"#, "the field \"text\" is not a string"),
    (#"{"text":"x"} x"#, "expected the end of the text after the value, found 'x'"),
    (#"{"text":"x""#, "expected ',' or '}' after a member of the object, found the end of the text"),
    (#"{"a":[1,2,}],"text":"x"}"#, "expected a JSON value, found '}'"),
  ])
  func refuses(_ line: String, _ problem: String) {
    let text = sentence { _ = try field(line) }
    #expect(text.hasPrefix("data.jsonl, line 12, byte "))
    #expect(text.hasSuffix(problem))
  }

  @Test func agreesWithTheParserOnMutatedLines() {
    let line = Array(#"{"id":7,"meta":{"x":[1.5e3,true,null,"\u00e9"]},"text":"a\nb \ud83d\ude00 größe","z":{}}"#.utf8)
    var random = SeededGenerator(state: 3)
    let lines = JSONLines(name: "data.jsonl", key: "text")
    var accepted = 0
    for _ in 0..<20_000 {
      let bytes = mutated(line, &random)
      let field = try? bytes.withUnsafeBufferPointer { try lines.field(ofLine: $0, number: 1) }
      let value = try? JSON.parse(bytes, name: "line")
      #expect(field.map { String(decoding: $0, as: UTF8.self) } == value?["text"]?.stringValue)
      if field != nil { accepted += 1 }
    }
    #expect(accepted > 300)
  }
}
