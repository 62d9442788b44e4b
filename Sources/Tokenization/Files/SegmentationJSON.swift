import Formats

extension Segmentation {
  /// Reads `pre_tokenizer` step by step.
  init(_ value: JSON, file: String) throws(TokenizerError) {
    var steps: [SegmentationStep] = []
    try Self.append(value, file, to: &steps)
    self.init(steps)
  }

  private static func append(_ value: JSON, _ file: String, to steps: inout [SegmentationStep]) throws(TokenizerError) {
    if value.isNull { return }
    let type = value["type"]?.stringValue ?? value.kind
    switch type {
    case "Sequence": for step in value["pretokenizers"]?.arrayValue ?? [] { try append(step, file, to: &steps) }
    case "ByteLevel":
      guard !steps.contains(where: { if case .byteLevel = $0 { true } else { false } }) else {
        throw TokenizerError(file, "pre_tokenizer has ByteLevel twice, it may stand only once")
      }
      steps.append(
        .byteLevel(
          addsPrefixSpace: value["add_prefix_space"]?.boolValue ?? true,
          usesPattern: value["use_regex"]?.boolValue ?? true))
    case "Split":
      steps.append(
        .split(
          try Pattern(json: value["pattern"], of: "pre_tokenizer Split", file: file),
          try behavior(value, of: type, otherwise: nil, file), isInverted: value["invert"]?.boolValue ?? false))
    case "Digits": steps.append(.digits(individual: value["individual_digits"]?.boolValue ?? false))
    case "Punctuation": steps.append(.punctuation(try behavior(value, of: type, otherwise: .isolated, file)))
    case "Whitespace": steps.append(.whitespace)
    case "WhitespaceSplit": steps.append(.whitespaceSplit)
    case "Metaspace":
      guard !steps.contains(where: { if case .byteLevel = $0 { true } else { false } }) else {
        throw TokenizerError(file, "pre_tokenizer has Metaspace after ByteLevel, which is not supported")
      }
      let settings = try MetaspaceSettings(value, file: file)
      steps.append(.metaspace(replacement: settings.replacement, settings.prefix, splits: settings.splits))
    case "CharDelimiterSplit":
      guard let text = value["delimiter"]?.stringValue, text.unicodeScalars.count == 1,
        let scalar = text.unicodeScalars.first
      else { throw TokenizerError(file, "the delimiter of CharDelimiterSplit must be one character") }
      steps.append(.delimiter(scalar.value))
    case "FixedLength":
      guard let length = value["length"]?.intValue, length > 0 else {
        throw TokenizerError(file, "the length of FixedLength must be 1 or more")
      }
      steps.append(.fixedLength(length))
    default:
      throw TokenizerError(
        file,
        "pre_tokenizer has the step \(type), which is not supported: it must be ByteLevel, Split, Metaspace, Digits, "
          + "Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit, FixedLength or a Sequence of these")
    }
  }

  private static func behavior(
    _ value: JSON, of type: String, otherwise: SplitBehavior?, _ file: String
  ) throws(TokenizerError) -> SplitBehavior {
    guard let name = value["behavior"]?.stringValue else {
      if let otherwise { return otherwise }
      throw TokenizerError(file, "pre_tokenizer \(type) has no behavior, it must be Removed, Isolated, \(behaviors)")
    }
    // `tokenizers` writes both spellings.
    let loose = name.replacing("_", with: "").lowercased()
    for behavior in [SplitBehavior.removed, .isolated, .mergedWithPrevious, .mergedWithNext, .contiguous]
    where behavior.rawValue.lowercased() == loose { return behavior }
    throw TokenizerError(
      file, "the behavior of pre_tokenizer \(type) is \"\(name)\", it must be Removed, Isolated, \(behaviors)")
  }

  private static let behaviors = "MergedWithPrevious, MergedWithNext or Contiguous"
}
