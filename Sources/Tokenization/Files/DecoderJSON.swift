import Formats

extension TokenDecoder {
  /// Reads `decoder`.
  /// - Parameter isByteLevel: Whether the vocabulary holds bytes already.
  init(_ value: JSON, isByteLevel: Bool, file: String) throws(TokenizerError) {
    var steps: [JSON] = []
    Self.flatten(value, into: &steps)
    if isByteLevel {
      // Bytes are put together whatever else is said about joining.
      for step in steps where !["ByteLevel", "Fuse"].contains(step["type"]?.stringValue ?? "") {
        throw Self.unsupported(file, "\(step["type"]?.stringValue ?? step.kind) for a byte-level vocabulary")
      }
      return
    }
    joinsWithSpaces = steps.isEmpty
    var isFused = false
    for step in steps {
      let type = step["type"]?.stringValue ?? step.kind
      guard !isFused || type == "Strip" || type == "Fuse" else { throw Self.unsupported(file, "\(type) after Fuse") }
      switch type {
      case "Fuse": isFused = true
      case "ByteFallback": self.steps.append(.byteFallback)
      case "ByteLevel": self.steps.append(.byteLevel)
      case "Metaspace":
        let settings = try MetaspaceSettings(step, file: file)
        self.steps.append(.metaspace(replacement: settings.replacement, dropsFirst: settings.prefix != .never))
      case "Replace":
        self.steps.append(
          .replace(
            try Pattern(json: step["pattern"], of: "decoder Replace", file: file),
            with: Array((step["content"]?.stringValue ?? "").utf8)))
      case "Strip":
        let strip = (
          content: Array((step["content"]?.stringValue ?? " ").utf8), start: max(0, step["start"]?.intValue ?? 0),
          stop: max(0, step["stop"]?.intValue ?? 0)
        )
        if isFused {
          guard trim == nil else { throw Self.unsupported(file, "a second Strip after Fuse") }
          trim = strip
        } else {
          self.steps.append(.strip(content: strip.content, start: strip.start, stop: strip.stop))
        }
      case "BPEDecoder": self.steps.append(.wordSuffix(Array((step["suffix"]?.stringValue ?? "</w>").utf8)))
      default: throw Self.unsupported(file, type)
      }
    }
    if self.steps.contains(where: { if case .byteLevel = $0 { true } else { false } }) { joinsWithSpaces = false }
  }

  private static func flatten(_ value: JSON, into steps: inout [JSON]) {
    if value.isNull { return }
    guard value["type"]?.stringValue == "Sequence" else {
      steps.append(value)
      return
    }
    for step in value["decoders"]?.arrayValue ?? [] { flatten(step, into: &steps) }
  }

  private static func unsupported(_ file: String, _ what: String) -> TokenizerError {
    TokenizerError(
      file,
      "the decoder \(what) is not supported: it must be ByteLevel, Metaspace, ByteFallback, Fuse, Replace, Strip, "
        + "BPEDecoder or a Sequence of these")
  }
}

/// What `Metaspace` says in either place, in the older spelling too.
struct MetaspaceSettings {
  var replacement: UInt32
  var prefix: SegmentationStep.MetaspacePrefix
  var splits: Bool

  init(_ value: JSON, file: String) throws(TokenizerError) {
    let mark = value["replacement"]?.stringValue ?? "\u{2581}"
    guard let scalar = mark.unicodeScalars.first, mark.unicodeScalars.count == 1 else {
      throw TokenizerError(file, "the replacement of Metaspace is \"\(mark)\", it must be one character")
    }
    replacement = scalar.value
    if let scheme = value["prepend_scheme"]?.stringValue {
      guard let prefix = SegmentationStep.MetaspacePrefix(rawValue: scheme) else {
        throw TokenizerError(
          file, "the prepend_scheme of Metaspace is \"\(scheme)\", it must be always, first or never")
      }
      self.prefix = prefix
    } else {
      prefix = value["add_prefix_space"]?.boolValue == false ? .never : .always
    }
    splits = value["split"]?.boolValue ?? true
  }
}

extension Pattern {
  /// Reads `{"String": "…"}` or `{"Regex": "…"}`.
  init(json value: JSON?, of owner: String, file: String) throws(TokenizerError) {
    if let text = value?["String"]?.stringValue {
      self.init(literal: text)
    } else if let text = value?["Regex"]?.stringValue {
      do {
        try self.init(text)
      } catch {
        throw TokenizerError(file, "\(owner): \(error)")
      }
    } else {
      throw TokenizerError(
        file, "\(owner) has no pattern, it must be {\"String\": \"…\"} or {\"Regex\": \"…\"}")
    }
  }
}
