import Formats
import Foundation

extension Normalizer {
  /// Reads `normalizer`; nil if it changes nothing.
  init?(_ value: JSON, file: String) throws(TokenizerError) {
    var steps: [NormalizerStep] = []
    try Self.append(value, file, to: &steps)
    if steps.isEmpty { return nil }
    self.init(steps: steps)
  }

  private static func append(_ value: JSON, _ file: String, to steps: inout [NormalizerStep]) throws(TokenizerError) {
    if value.isNull { return }
    let type = value["type"]?.stringValue ?? value.kind
    switch type {
    case "Sequence": for step in value["normalizers"]?.arrayValue ?? [] { try append(step, file, to: &steps) }
    case "NFC": steps.append(.form(.nfc))
    case "NFD": steps.append(.form(.nfd))
    case "NFKC": steps.append(.form(.nfkc))
    case "NFKD": steps.append(.form(.nfkd))
    case "Lowercase": steps.append(.lowercase)
    case "StripAccents": steps.append(.stripAccents)
    case "Nmt": steps.append(.nmt)
    case "Strip":
      steps.append(
        .strip(left: value["strip_left"]?.boolValue ?? true, right: value["strip_right"]?.boolValue ?? true))
    case "Prepend": steps.append(.prepend(Array((value["prepend"]?.stringValue ?? "").utf8)))
    case "Replace":
      steps.append(
        .replace(
          try Pattern(json: value["pattern"], of: "normalizer Replace", file: file),
          with: Array((value["content"]?.stringValue ?? "").utf8)))
    case "Precompiled":
      guard let text = value["precompiled_charsmap"]?.stringValue, let data = Data(base64Encoded: text) else {
        throw TokenizerError(file, "the normalizer Precompiled has no precompiled_charsmap, it must be a map in base64")
      }
      if data.isEmpty { return }
      guard let map = CharacterMap(data) else {
        throw TokenizerError(file, "the precompiled_charsmap of the normalizer Precompiled is damaged")
      }
      steps.append(.characterMap(map))
    default:
      throw TokenizerError(
        file,
        "the normalizer \(type) is not supported: it must be NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, "
          + "Replace, Prepend, Nmt, Precompiled or a Sequence of these")
    }
  }
}
