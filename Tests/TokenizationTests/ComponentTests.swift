import Formats
import Foundation
import Testing
import Tokenization

/// What scripts/golden/tokenizer_components.py makes: small tokenizers, each over some components of `tokenizers`.
struct ComponentCase: CustomTestStringConvertible, Sendable {
  var name: String
  var file: [UInt8]
  var ids: [[UInt32]]
  var decoded: [String]
  var template: [UInt32]
  var testDescription: String { name }

  static let golden = Result { try Golden.json("components.json") }

  static let all: [ComponentCase] =
    (try? golden.get())?["cases"]?.arrayValue?.map { value in
      var file = value["file"] ?? .null
      file["model"] = (try? golden.get())?["models"]?[file["model"]?.intValue ?? -1]
      return ComponentCase(
        name: value["name"]?.stringValue ?? "", file: file.serialized(), ids: Golden.ids(value["ids"]),
        decoded: Golden.strings(value["decoded"]),
        template: value["template"]?.arrayValue?.compactMap { $0.intValue.map { UInt32($0) } } ?? [])
    } ?? []

  static let texts: [String] = Golden.strings((try? golden.get())?["texts"])

  func tokenizer() throws -> Tokenizer { try file.withUnsafeBufferPointer { try Tokenizer(json: $0, name: name) } }
}

@Suite("Components of tokenizer.json")
struct ComponentTests {
  @Test("are all there")
  func count() { #expect(ComponentCase.all.count > 40 && ComponentCase.texts.count >= 60) }

  @Test("give the tokens and texts of tokenizers, also after saving", arguments: ComponentCase.all)
  func agree(value: ComponentCase) throws {
    let tokenizer = try value.tokenizer()
    let saved = tokenizer.tokenizerJSON()
    let again = try saved.withUnsafeBufferPointer { try Tokenizer(json: $0, name: "saved") }
    #expect(value.ids.count == ComponentCase.texts.count)
    var failures = 0
    for (index, text) in ComponentCase.texts.enumerated() where failures < 3 {
      let ids = tokenizer.encode(text, specialTokens: .recognised)
      if ids != value.ids[index] { failures += 1 }
      #expect(ids == value.ids[index], "\(value.name) \(index): \(text.debugDescription)")
      #expect(again.encode(text, specialTokens: .recognised) == ids)
      // The library writes one U+FFFD a byte, Swift one a broken sequence.
      let decoded = tokenizer.text(value.ids[index])
      let expected = value.decoded[index]
      if !expected.unicodeScalars.contains("\u{fffd}") {
        #expect(Array(decoded.utf8) == Array(expected.utf8), "\(value.name) \(index): \(text.debugDescription)")
      }
      var stream = tokenizer.decodeStream(skippingSpecialTokens: false)
      var streamed = ""
      for id in value.ids[index] { streamed += stream.append(id) }
      streamed += stream.finish()
      #expect(Array(streamed.utf8) == Array(decoded.utf8))
    }
    #expect(tokenizer.addingTemplate(to: tokenizer.encode("a")) == value.template)
    let given = try JSON.parse(value.file, name: value.name)
    let kept = try JSON.parse(saved, name: "saved")
    for key in ["normalizer", "pre_tokenizer", "decoder", "post_processor", "added_tokens", "truncation"] {
      #expect(kept[key] == given[key], "\(value.name): \(key)")
    }
    #expect(Set(kept["model"]?.objectValue?.keys ?? []) == Set(given["model"]?.objectValue?.keys ?? []))
    #expect(kept["model"]?["vocab"]?.arrayValue == given["model"]?["vocab"]?.arrayValue)
    #expect(kept["model"]?["merges"] == given["model"]?["merges"])
  }
}
